//go:build !windows

package main

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// session names the session of the terminal: its leader's process id, which every
// command that is typed there shares.
func session() string {
	if id, err := unix.Getsid(0); err == nil {
		return strconv.Itoa(id)
	}
	return ""
}

// ttyName returns the device of an open terminal, "" where the system does not tell.
func ttyName(f *os.File) string {
	name, err := os.Readlink("/proc/self/fd/" + strconv.FormatUint(uint64(f.Fd()), 10))
	if err != nil {
		return ""
	}
	return name
}
