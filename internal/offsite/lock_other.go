//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package offsite

import "os"

// tryLock has no locks on folders here. The daemon holds the database, so there is
// no second one.
func tryLock(*os.File) bool { return true }
