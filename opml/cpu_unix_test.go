//go:build unix

package opml

import (
	"syscall"
	"time"
)

// spent returns the processor time that this process has used, the collector's
// included: on a busy machine it is steadier than the clock.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
