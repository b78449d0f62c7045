package sync

import (
	"fmt"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// A file has one title, so of its renames in the log only the last one counts:
// the service is asked for that one, and those before it are done with it.
// Renames that come to nothing before anything was sent are none.

// renames is what the log does to one title.
type renames struct {
	last  store.OpID
	was   string // before the first of them
	to    string // after the last
	own   map[string]bool
	sent  bool // one of them may have reached the service
	acked bool // the service has taken the last one
}

// renamesIn returns the renames of each file.
func renamesIn(log []store.Record) map[outline.FileID]*renames {
	all := make(map[outline.FileID]*renames)
	for _, r := range log {
		c := r.File
		if c.Kind != outline.Update {
			continue
		}
		n := all[c.File]
		if n == nil {
			n = &renames{was: c.OldTitle, own: make(map[string]bool)}
			all[c.File] = n
		}
		n.last, n.to, n.acked = r.ID, c.NewTitle, r.State == store.Acknowledged
		n.own[c.NewTitle] = true
		n.sent = n.sent || r.Sends > 0 || r.State == store.Acknowledged
	}
	return all
}

// idle tells whether a rename needs no request: a later one follows, or all of
// them come to nothing, and no list shows one of those before.
func (n *renames) idle(r store.Record, shown *outline.File) bool {
	switch {
	case r.ID != n.last:
		return true
	case n.to != n.was || n.sent || shown == nil:
		return false
	}
	return shown.Title == n.to || !n.own[shown.Title]
}

// settle tells whether a list settles a rename: it shows the title, or a title
// that somebody gave after the service had taken ours. lost is a title that had
// to give way, ours or theirs.
func (n *renames) settle(r store.Record, listed *outline.File) (done bool, lost string) {
	if n.idle(r, listed) || listed == nil {
		return listed != nil, ""
	}
	foreign := listed.Title != n.was && !n.own[listed.Title]
	switch {
	case listed.Title == n.to:
		return true, ""
	case foreign && n.acked:
		return true, n.to
	case foreign && r.Sends == 0:
		return false, listed.Title
	}
	return false, ""
}

// titleNotice tells a person that of two new titles one gave way.
func titleNotice(f *outline.File, stands, lost string, now time.Time) store.Conflict {
	return store.Conflict{
		ID: "title-" + string(f.ID), At: now, Kind: store.ConflictTitle, Doc: f.ID,
		Text: fmt.Sprintf("both sides renamed it: %q stands, %q gave way", stands, lost),
		Mine: &outline.Fields{Content: stands}, Theirs: &outline.Fields{Content: lost},
	}
}
