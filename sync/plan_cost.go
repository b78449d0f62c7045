package sync

import (
	"time"

	"outlast/internal/outline"
)

// roundTrip is what one request takes on an ordinary line.
const roundTrip = 200 * time.Millisecond

// volume is what a plan has to send, as far as its cost depends on it.
type volume struct {
	levels []int // new nodes by depth: those below a node that the service has come first
	others int   // changes of nodes that the service has
}

// cost is what a way to send a volume takes.
type cost struct{ requests, changes int }

// allowance is what the rate buckets of edits hold and how fast they fill. No
// rate is no limit.
type allowance struct {
	requests, changes                   float64 // tokens
	requestsPerSecond, changesPerSecond float64
}

// direct is the cost of sending level by level: a request cannot use the ids
// that it makes, so a chain of new nodes takes a request for each.
func (v volume) direct(batch int) cost {
	c := cost{changes: v.nodes() + v.others}
	for _, n := range v.levels {
		c.requests += max(1, ceilDiv(n, batch))
	}
	c.requests = max(c.requests, ceilDiv(c.changes, batch))
	return c
}

// staged is the cost of inserting all new nodes flat below one node made for
// it, moving them to their places in a second go, and deleting that node. The
// other changes go with the moves.
func (v volume) staged(batch int) cost {
	n := v.nodes()
	if n == 0 {
		return v.direct(batch)
	}
	return cost{
		requests: 1 + ceilDiv(n, batch) + ceilDiv(n+1+v.others, batch),
		changes:  2*n + 2 + v.others,
	}
}

func (v volume) nodes() (n int) {
	for _, level := range v.levels {
		n += level
	}
	return n
}

// stagedIsFaster decides between the two ways: staged takes twice the changes,
// direct a request for each level. It breaks even at about 4 changes per
// request. Batch is how many changes a request may have.
func (v volume) stagedIsFaster(batch int, a allowance) bool {
	return v.staged(batch).time(a) < v.direct(batch).time(a)
}

// time is how long a cost takes at least: until the buckets have given what it
// needs, and the requests have gone one after another.
func (c cost) time(a allowance) time.Duration {
	return max(
		waitFor(float64(c.changes)-a.changes, a.changesPerSecond),
		waitFor(float64(c.requests)-a.requests, a.requestsPerSecond),
		time.Duration(c.requests)*roundTrip,
	)
}

// waitFor returns how long a bucket takes to give what is missing.
func waitFor(missing, perSecond float64) time.Duration {
	if missing <= 0 || perSecond <= 0 {
		return 0
	}
	return time.Duration(missing / perSecond * float64(time.Second))
}

func ceilDiv(n, by int) int { return (n + by - 1) / by }

// volume counts what is still to be sent.
func (p *plan) volume() (v volume) {
	level := make(map[outline.NodeID]int)
	for _, c := range p.todo {
		if c.Kind != outline.Insert {
			v.others++
			continue
		}
		at := level[c.To.Parent] // 0 for a parent that the service has
		level[c.Node] = at + 1
		if at == len(v.levels) {
			v.levels = append(v.levels, 0)
		}
		v.levels[at]++
	}
	return v
}
