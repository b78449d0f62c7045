package server

import (
	"fmt"
	"time"
)

// Profile chooses between a dependable service and a faithful one.
type Profile string

// The profiles; see the package comment.
const (
	Safe   Profile = "safe"
	Compat Profile = "compat"
)

// Switches are the habits of the service that are not known for sure, and
// those that a test wants to change. They count in profile Compat only. F
// numbers name the rows of the table of quirks that the tests follow.
type Switches struct {
	// RenameBumps raises a document's version when it is renamed (F1).
	RenameBumps bool
	// CutAt is the number of changes of one doc/edit after which the rest is
	// dropped with Ok (F2). 0 is 500, negative never.
	CutAt int
	// CutToBucket drops, with Ok, the changes that the rate bucket has no room
	// for, instead of answering TooManyRequests (F2). Needs Config.Limits.
	CutToBucket bool
	// LimitKeepsPrefix applies the changes that the bucket has room for and
	// then answers TooManyRequests (F9). Needs Config.Limits.
	LimitKeepsPrefix bool
	// Penalty is how long an endpoint goes on refusing after it has answered
	// TooManyRequests (F9). 0 is 45 s, negative none.
	Penalty time.Duration
	// BatchError says what stays of a batch with a wrong change (F10).
	BatchError BatchError
	// CrossMoveFails answers NodeNotFound to a move below a node of another
	// document, instead of Ok without effect (F12).
	CrossMoveFails bool
	// RootType is the type of the root folder in file/list (F16): "" is
	// "folder"; the other possibility is "root".
	RootType string
	// NoIndexFirst puts an insert or move without index first, not last (F18).
	NoIndexFirst bool
	// MaxBody is the largest body in bytes (F23). 0 is 8 MiB.
	MaxBody int64
}

// BatchError is what a failing change does to the batch it is part of.
type BatchError string

// The possibilities of F10.
const (
	KeepPrefix BatchError = ""       // the changes before it stay
	KeepNone   BatchError = "none"   // nothing stays
	KeepOthers BatchError = "others" // all other changes are made
)

// Limits of one request.
const (
	maxBody    = 8 << 20 // bytes
	maxChanges = 500     // in one doc/edit or file/edit, the service's bucket
)

// retention is how long answers and the content of deleted files are kept.
const retention = 30 * 24 * time.Hour

func (c Config) check() error {
	switch {
	case c.Path == "":
		return fmt.Errorf("no path for the data file")
	case c.Profile != Safe && c.Profile != Compat:
		return fmt.Errorf("profile %q is neither %q nor %q", c.Profile, Safe, Compat)
	case c.Profile == Safe && c.Switches != Switches{}:
		return fmt.Errorf("switches need profile %q", Compat)
	}
	switch c.Switches.BatchError {
	case KeepPrefix, KeepNone, KeepOthers:
	default:
		return fmt.Errorf("unknown batch error %q", c.Switches.BatchError)
	}
	switch c.Switches.RootType {
	case "", kindFolder, "root":
		return nil
	}
	return fmt.Errorf("unknown root type %q", c.Switches.RootType)
}

func (c Config) maxBody() int64 {
	if c.Switches.MaxBody > 0 {
		return c.Switches.MaxBody
	}
	return maxBody
}

// cutAt returns the number of changes that a compat server makes of n.
func (c Config) cutAt(n int) int {
	switch limit := c.Switches.CutAt; {
	case c.Profile == Safe || limit < 0:
		return n
	case limit == 0:
		return min(n, maxChanges)
	default:
		return min(n, limit)
	}
}

func (c Config) penalty() time.Duration {
	switch p := c.Switches.Penalty; {
	case c.Profile == Safe || p < 0:
		return 0
	case p == 0:
		return 45 * time.Second
	default:
		return p
	}
}
