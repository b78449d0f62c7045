package outline

import "errors"

// Sentinels of the domain. They are wrapped with what was being done and to
// which node, and are told apart by errors.Is in two places only: where an
// HTTP status is chosen and where an exit code is.
var (
	ErrNoNode    = errors.New("no such node")
	ErrNoFile    = errors.New("no such file")
	ErrExists    = errors.New("id already in use")
	ErrCycle     = errors.New("a node cannot be moved below itself")
	ErrNotEmpty  = errors.New("node has children")
	ErrRoot      = errors.New("the root of a document cannot be moved or deleted")
	ErrInvalid   = errors.New("invalid value")
	ErrReadOnly  = errors.New("document is read-only")
	ErrAmbiguous = errors.New("name is ambiguous")
)
