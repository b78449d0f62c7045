package sync

import (
	"errors"

	"outlast/internal/outline"
	"outlast/store"
)

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
	most := s.cfg.BatchMax
	if b := s.bucket(BudgetChanges); b.limits() {
		most = max(1, min(most, b.Burst))
	}
	if c := s.account.BatchCap; c > 0 {
		return min(c, most)
	}
	return most
}

// halve makes requests smaller after one of so many changes and bytes that did
// not get through.
func (s *round) halve(changes, bytes int) error {
	return s.setRoom(max(1, changes/2), max(1, bytes/2))
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
