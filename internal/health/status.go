package health

import (
	"time"
)

// State is the one word shown for the whole program.
type State string

// The states, best first: where several hold, the last of them is shown.
const (
	OK        State = "ok"
	Starting  State = "starting"   // the first sync is not complete
	AtRisk    State = "at_risk"    // a clock is past its limit, a disk low, no daemon, no alert channel
	Degraded  State = "degraded"   // small requests pass, large ones fail or are slow
	Offline   State = "offline"    // the service is not reached
	Held      State = "held"       // something waits for a person
	SignedOut State = "signed_out" // the token is missing or refused
	ReadOnly  State = "read_only"  // the database cannot be written
	Frozen    State = "frozen"     // a storage error: nothing is saved any more
)

// States returns all of them, best first.
func States() []State {
	return []State{OK, Starting, AtRisk, Degraded, Offline, Held, SignedOut, ReadOnly, Frozen}
}

// Class tells how requests of one size fare.
type Class string

// The classes.
const (
	ClassOK      Class = "ok"
	ClassSlow    Class = "slow"
	ClassFailing Class = "failing"
	ClassUnknown Class = "unknown"
)

// Status is what `status --json` prints. Fields are only ever added; an absent
// fact is null.
type Status struct {
	State                State      `json:"state"`
	Reasons              []string   `json:"reasons"` // every cause, worst first
	Since                *time.Time `json:"since"`   // of the worst cause
	Cause                *Cause     `json:"cause"`   // the worst; null when all is well
	Side                 *string    `json:"side"`    // whose it is: service, network, this machine, you
	Safe                 *string    `json:"safe"`
	Next                 *string    `json:"next"` // what to do
	LastContact          *time.Time `json:"last_contact"`
	LastSync             *time.Time `json:"last_sync"`
	LastVerifiedSnapshot *time.Time `json:"last_verified_snapshot"`
	LastDrill            *time.Time `json:"last_drill"` // a snapshot restored as a test
	Queue                Queue      `json:"queue"`
	Conflicts            int        `json:"conflicts"`
	Documents            int        `json:"documents"`
	Server               Server     `json:"server"`
	Disks                []Disk     `json:"disks"`
	NextRetry            *time.Time `json:"next_retry"`
	Incidents            []Incident `json:"incidents"`
	Monitors             *string    `json:"monitors"` // address of /livez, /readyz and /metrics; null where none is served
	Watched              *Watched   `json:"watched"`  // null while no folder is
}

// Watched tells how the watched folders stand.
type Watched struct {
	Folders  int  `json:"folders"`
	Troubles int  `json:"troubles"` // files and folders that are left alone, with a reason each
	Waiting  bool `json:"waiting"`  // no daemon runs: nothing is taken and nothing written
}

// Queue counts the edits that the service has not shown yet.
type Queue struct {
	Count       int        `json:"count"`  // waiting to be sent
	Oldest      *time.Time `json:"oldest"` // of those
	Bytes       int        `json:"bytes"`  // of those, as stored
	Unconfirmed int        `json:"unconfirmed"`
	Parked      int        `json:"parked"`
}

// Server tells how the service fares.
type Server struct {
	Reachable  *bool `json:"reachable"` // nil before the first try
	ClassSmall Class `json:"class_small"`
	ClassLarge Class `json:"class_large"`
}
