//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package snapshot

import "os"

// tryLock: folders cannot be locked here.
func tryLock(*os.File) (locked, possible bool) { return false, false }
