package sync

import (
	"errors"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// maxBytes is how large a request may be; a single larger change goes alone.
const maxBytes = 256 << 10

// room is how much one request may carry.
type room struct {
	changes int
	bytes   int // of several changes; one may be larger
	until   int // the request has enough when it is so large; 0 for never
}

// full tells whether a change of so many bytes no longer fits beside n others.
func (r room) full(n, size, change int) bool {
	return n >= r.changes || n > 0 && (size+change > r.bytes || r.until > 0 && size >= r.until)
}

// room returns how much the next request of a plan may carry. While large ones
// fail it keeps below the smallest of these, but for a probe, which reaches it.
func (s *round) room(p *draft) room {
	f := s.fares.Sent
	switch n := s.suspects[p.doc]; {
	case n > 0:
		return room{changes: min(s.batchCap(), max(1, n/2)), bytes: s.bytesCap()}
	case !open(f):
		return room{changes: s.batchCap(), bytes: s.bytesCap()}
	case p.probe:
		return room{changes: s.mostChanges(), bytes: maxBytes, until: f.Bytes}
	}
	return room{changes: s.batchCap(), bytes: min(s.bytesCap(), f.Bytes-1)}
}

// withhold takes what is too large for now out of a plan, with what needs it:
// large requests fail, and the next try is not due.
func (s *round) withhold(p *draft) {
	f := s.fares.Sent
	if !open(f) {
		return
	}
	if p.probe = probeDue(f, time.Now()) || s.List && f.Last.Before(s.began); p.probe {
		return
	}
	held := make(map[outline.NodeID]bool)
	p.todo = slices.DeleteFunc(p.todo, func(c outline.Change) bool {
		tooLarge := requestSize+fieldsSize(c.New) >= f.Bytes
		if !tooLarge && !held[c.To.Parent] {
			return false
		}
		if c.Kind == outline.Insert {
			held[c.Node] = true
		}
		p.withheld = true
		return true
	})
	if p.withheld || p.bytes() >= f.Bytes {
		s.again(f.Last.Add(probeEvery))
	}
}

// bytes returns how large a request would be that carries all of a plan.
func (p *plan) bytes() int {
	n := requestSize
	for _, c := range p.todo {
		n += fieldsSize(c.New)
	}
	return n
}

// requestSize is about how many bytes a request takes beside what it carries.
const requestSize = 120

// leastPoll is how many documents are asked for at once, however small requests
// have to be.
const leastPoll = 16

// pollCap returns how many documents may be asked for in one request.
func (s *round) pollCap() int {
	return max(leastPoll, (s.bytesCap()-requestSize)/idSize)
}

// shrinkPoll makes requests smaller after one that asked for many documents and
// did not get through.
func (s *round) shrinkPoll(z size, cause error) error {
	if !tooLarge(cause) || z.sent < largeSent || z.sent <= requestSize+leastPoll*idSize {
		return nil
	}
	return s.setRoom(s.account.BatchCap, z.sent/2)
}

// tooLarge tells whether a failure may be due to the size of the request.
func tooLarge(err error) bool {
	f, ok := errors.AsType[*Failure](err)
	return ok && f.Large
}

// bytesCap returns how large a request may be that could be split, in bytes.
func (s *round) bytesCap() int {
	if c := s.account.BatchBytes; c > 0 {
		return min(c, maxBytes)
	}
	return maxBytes
}

// batchCap returns how many changes may go in one request.
func (s *round) batchCap() int {
	if c := s.account.BatchCap; c > 0 {
		return min(c, s.mostChanges())
	}
	return s.mostChanges()
}

// mostChanges returns how many can ever go in one request.
func (s *round) mostChanges() int {
	if b := s.bucket(BudgetChanges); b.limits() {
		return max(1, min(s.cfg.BatchMax, b.Burst))
	}
	return s.cfg.BatchMax
}

// halve makes requests smaller after one of so many changes and bytes that did
// not get through.
func (s *round) halve(changes, bytes int) error {
	return s.setRoom(max(1, changes/2), max(1, bytes/2))
}

// shrink makes requests smaller after one that did not get through. Its size may
// be why; of a small one, what is in it.
func (s *round) shrink(d document, b batch) error {
	n, bytes := len(b.steps), stepsSize(b.steps)
	switch {
	case n == 1:
		return nil
	case bytes < largeSent:
		s.suspects[d.id] = n
	}
	return s.halve(n, bytes)
}

// enlarge lets requests recover by 20 changes, and as large a part of the bytes,
// for each that got through; not while large ones fail, where a probe comes first.
func (s *round) enlarge() error {
	a := &s.account
	if a.BatchCap == 0 && a.BatchBytes == 0 || open(s.fares.Sent) {
		return nil
	}
	changes, bytes := a.BatchCap, a.BatchBytes
	if changes += 20; a.BatchCap == 0 || changes >= s.cfg.BatchMax {
		changes = 0
	}
	if bytes += maxBytes / 10; a.BatchBytes == 0 || bytes >= maxBytes {
		bytes = 0
	}
	return s.setRoom(changes, bytes)
}

func (s *round) setRoom(changes, bytes int) error {
	s.account.BatchCap, s.account.BatchBytes = changes, bytes
	return s.updateAccount(func(a *store.Account) {
		a.BatchCap, a.BatchBytes, a.Fares = changes, bytes, s.fares
	})
}

// stepsSize returns about how many bytes a request with these steps takes.
func stepsSize(steps []Step) int {
	n := requestSize
	for _, st := range steps {
		n += fieldsSize(st.Fields)
	}
	return n
}

// fieldsSize returns about how many bytes a change with these fields takes, its
// ids and marks included: never less than it does.
func fieldsSize(f outline.Fields) int { return 160 + textSize(f.Content) + textSize(f.Note) }

// textSize returns how many bytes a text takes in JSON.
func textSize(s string) int {
	n := len(s)
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"', c == '\\', c == '\n', c == '\r', c == '\t':
			n++
		case c < ' ', c == 0x7f:
			n += 5
		case c == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && (s[i+2] == 0xa8 || s[i+2] == 0xa9): // line separators
			n += 3
		}
	}
	return n
}
