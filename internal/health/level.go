package health

// Level is the answer for a monitor.
type Level string

// The levels. On the wire of a disk, fine is written "ok".
const (
	Fine     Level = "ok"
	Warning  Level = "warning"
	Critical Level = "critical"
	Unknown  Level = "unknown"
)

// ExitCode returns what `status --check` exits with: 0 fine, 1 warning,
// 2 critical, 3 cannot tell.
func (l Level) ExitCode() int {
	switch l {
	case Fine:
		return 0
	case Warning:
		return 1
	case Critical:
		return 2
	}
	return 3
}

// String returns the level in the words of monitors.
func (l Level) String() string {
	if l == Fine {
		return "fine"
	}
	return string(l)
}
