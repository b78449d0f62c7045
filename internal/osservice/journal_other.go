//go:build !linux

package osservice

import "time"

// Journal returns nil: the service keeps a file.
func Journal(string, time.Time, int, bool) []string { return nil }
