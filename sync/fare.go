package sync

import (
	"context"
	"errors"
	"strings"
	"time"

	"outlast/store"
)

// Requests are judged by size, since a service can drop the large ones for hours
// while the small ones pass. From these sizes on they are large, in bytes as the
// engine reckons them: of what is sent, of what is read.
const (
	largeSent = 512
	largeRead = 8 << 10
)

const (
	// slowAnswer is how long an answer takes that is slow.
	slowAnswer = 10 * time.Second
	// failing is how many requests of a class fail in a row before the class does.
	failing = 2
	// breaker is how many large ones fail in a row before no more are sent but
	// one from time to time.
	breaker = 5
	// probeEvery is how far apart large requests are at least while they fail.
	probeEvery = 5 * time.Minute
	// fareAge is how long a judgement holds without a new request of its class.
	fareAge = 6 * time.Hour
)

// Standing is how a class of requests fares.
type Standing string

// The standings.
const (
	StandingUnknown Standing = "unknown"
	StandingOK      Standing = "ok"
	StandingSlow    Standing = "slow"
	StandingFailing Standing = "failing"
)

// Standings judges the classes of requests by what was written down of them. If
// small ones fail, large ones do.
func Standings(f store.Fares, now time.Time) (small, large Standing) {
	small = standing(f.Small, now)
	large = worse(standing(f.Sent, now), standing(f.Read, now))
	if small == StandingFailing {
		large = small
	}
	return small, large
}

func standing(f store.Fare, now time.Time) Standing {
	switch {
	case !within(now, f.Last, fareAge):
		return StandingUnknown
	case f.Row >= failing:
		return StandingFailing
	case f.Slow >= failing:
		return StandingSlow
	}
	return StandingOK
}

func worse(a, b Standing) Standing {
	for _, s := range []Standing{StandingFailing, StandingSlow, StandingOK} {
		if a == s || b == s {
			return s
		}
	}
	return StandingUnknown
}

// open tells whether large requests of a class have failed so often that they
// are tried one at a time, and probe whether such a try is due.
func open(f store.Fare) bool { return f.Row >= breaker }

func probeDue(f store.Fare, now time.Time) bool { return !within(now, f.Last, probeEvery) }

// size is about how large a request is, in bytes.
type size struct{ sent, read int }

// fared notes how a request fared that began at a time.
func (s *round) fared(ctx context.Context, z size, began time.Time, err error) {
	now := time.Now()
	switch f := &s.fares; {
	case err == nil:
		s.contact, f.Small.Row = true, 0
		switch {
		case z.sent >= max(largeSent, f.Sent.Bytes):
			f.Sent = passed(f.Sent, now, began)
		case z.read >= max(largeRead, f.Read.Bytes):
			f.Read = passed(f.Read, now, began)
		case z.sent < largeSent && z.read < largeRead:
			f.Small = passed(f.Small, now, began)
		}
	case ctx.Err() != nil || !failedOnTheWay(err):
	case z.sent >= largeSent && classOf(err) != NotSent:
		f.Sent = failed(f.Sent, now, z.sent)
	case z.read >= largeRead && classOf(err) != NotSent:
		f.Read = failed(f.Read, now, z.read)
	default:
		f.Small = failed(f.Small, now, 0)
	}
}

// took notes that the service acknowledged so many changes.
func (s *round) took(changes int) {
	s.report.Sent += changes
	s.fares.Changes += changes
}

// ask makes a request that only reads: it pays for it and notes how it fares.
// measure returns its size once the answer is there.
func ask[T any](ctx context.Context, s *round, bucket string, z size, measure func(T) size, call func() (T, error)) (T, error) {
	if err := s.spend(ctx, bucket); err != nil {
		var none T
		return none, err
	}
	began := time.Now()
	v, err := call()
	if err == nil && measure != nil {
		z = measure(v)
	}
	s.fared(ctx, z, began, err)
	return v, err
}

// About how many bytes a node, a file and the id of one take on the wire beside
// their text.
const (
	nodeSize = 150
	fileSize = 150
	idSize   = 28
	// meanNode is what a node takes with its text.
	meanNode = 184
)

// readSize returns the size of a document as it was read.
func readSize(r *Reading) size {
	n := 0
	for i := range r.Nodes {
		n += nodeSize + len(r.Nodes[i].Fields.Content) + len(r.Nodes[i].Fields.Note) + idSize*len(r.Nodes[i].Children)
	}
	return size{read: n}
}

// failedOnTheWay tells whether an error says that a request of this size did not
// get through, and not what the service made of it.
func failedOnTheWay(err error) bool {
	f, ok := errors.AsType[*Failure](err)
	switch {
	case !ok:
		return false
	case f.Class == NotSent, f.Class == Cut, f.Class == Late, f.Class == Done:
		return true
	case f.Class == Partial: // no code of its own: a page, or nothing, in place of the answer
		return f.Code == "" || strings.HasPrefix(f.Code, "HTTP ")
	}
	return f.Large
}

func passed(f store.Fare, now, began time.Time) store.Fare {
	f.Passed++
	f.Last, f.Row, f.Since, f.Bytes = now, 0, time.Time{}, 0
	if f.Slow++; now.Sub(began) < slowAnswer {
		f.Slow = 0
	}
	return f
}

func failed(f store.Fare, now time.Time, bytes int) store.Fare {
	f.Failed++
	f.Last, f.Slow = now, 0
	if f.Row++; f.Row == 1 {
		f.Since, f.Bytes = now, bytes
	}
	f.Bytes = min(f.Bytes, bytes)
	return f
}
