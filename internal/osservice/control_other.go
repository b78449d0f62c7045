//go:build !linux && !darwin && !windows

package osservice

import "context"

// Files says that nothing would be written.
func (s Spec) Files(string) ([]File, error) { return nil, ErrUnsupported }

// Install, Uninstall, Start, Stop and Read say that there is no manager.
func Install(context.Context, Spec, string) error { return ErrUnsupported }

// Uninstall: see Install.
func Uninstall(context.Context, Spec) error { return ErrUnsupported }

// Start: see Install.
func Start(context.Context, Spec) error { return ErrUnsupported }

// Stop: see Install.
func Stop(context.Context, Spec) error { return ErrUnsupported }

// Read: see Install.
func Read(context.Context, Spec) (Status, error) { return Status{State: NotThere}, ErrUnsupported }

// Installed says no.
func Installed(string) bool { return false }
