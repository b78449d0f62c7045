//go:build !windows

package osservice

import "context"

// Run runs fn until its context ends. Managers elsewhere end a process by a signal.
func Run(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }
