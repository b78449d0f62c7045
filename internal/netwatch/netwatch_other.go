//go:build !linux

package netwatch

import (
	"context"
	"errors"
)

type watcher struct{}

// open says that the system does not tell of changes.
func open() (*watcher, error) { return nil, errors.ErrUnsupported }

func (*watcher) run(context.Context, func()) error { return errors.ErrUnsupported }
