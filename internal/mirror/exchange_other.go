//go:build !linux

package mirror

import (
	"errors"
	"os"
)

// exchange lets two names of a folder change what they stand for, in one step.
func exchange(*os.Root, string, string) error { return errors.ErrUnsupported }
