package snapshot

import "time"

// DrillResult is what a drill showed: whether snapshots give back what they hold.
type DrillResult struct {
	At        time.Time `json:"at"`
	Names     []string  `json:"names"`     // of the snapshots that were restored
	Documents int       `json:"documents"` // that came back and were compared
	Nodes     int       `json:"nodes"`
	Problem   string    `json:"problem,omitempty"` // why it failed, "" if it did not; without outline text
	Good      time.Time `json:"good,omitzero"`     // last drill without a problem
}
