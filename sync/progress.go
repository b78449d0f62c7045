package sync

import "time"

// Progress is how far a round is, for a person who waits.
type Progress struct {
	Stage string // "list", "pull", "push", "verify"
	Doc   string // title
	Done  int    // documents (pull) or changes (push) so far
	Total int
	Left  int // seconds that the rest takes at least, by the service's limits; 0 if not known
}

func (s *round) progress(p Progress) {
	if s.Progress != nil {
		s.Progress(p)
	}
}

// sending is what a round began to send, to tell how far it is.
type sending struct {
	docs  []document
	total int // changes that waited then
}

// pushed tells how much of what waited at the beginning the service has taken. It
// is only told: an error of the database shows where it matters.
func (s *round) pushed(title string) {
	if s.Progress == nil || s.sending.total == 0 {
		return
	}
	waiting, err := s.waiting()
	if err != nil {
		return
	}
	left := 0
	for _, d := range s.sending.docs {
		left += waiting[d.id].Pending
	}
	a := s.allowance()
	takes := waitFor(float64(left)-a.changes, a.changesPerSecond)
	s.progress(Progress{
		Stage: "push", Doc: title, Done: max(0, s.sending.total-left), Total: s.sending.total,
		Left: int(takes / time.Second),
	})
}
