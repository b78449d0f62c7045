package sync

import (
	"testing"
	"testing/synctest"
	"time"

	"outlast/store"
)

// The age of a request in doubt grows in a run by itself, and across a restart by
// the clock that says less. No clock that is wrong ends a fence early.
func TestAgeIsNeverMoreThanIsSure(t *testing.T) {
	const day = 24 * time.Hour
	for name, test := range map[string]struct {
		wall, service time.Duration // how far the clocks have moved while the program was not running
		noService     bool          // the service tells no time
		want          time.Duration // of that
	}{
		"both right":            {wall: time.Minute, service: time.Minute, want: time.Minute},
		"ours a year ahead":     {wall: 365 * day, service: time.Minute, want: time.Minute},
		"theirs a year ahead":   {wall: time.Minute, service: 365 * day, want: time.Minute},
		"ours set back":         {wall: -day, service: time.Minute, want: 0},
		"theirs set back":       {wall: time.Minute, service: -day, want: 0},
		"service without clock": {wall: time.Minute, noService: true, want: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in := &store.Intent{RequestID: "01A", Fence: time.Hour}
				service := time.Now()
				first := ages{counted: map[string]time.Time{}}
				first.begin(in, service)
				time.Sleep(10 * time.Second)
				if got := first.of(in); got != 10*time.Second {
					t.Errorf("in its run: got %v", got)
				}
				first.count(in, service.Add(10*time.Second))

				second := ages{counted: map[string]time.Time{}}
				if second.known(in) || second.of(in) != 10*time.Second {
					t.Errorf("after the restart: got %v, known: %v", second.of(in), second.known(in))
				}
				in.Counted = in.Counted.Add(-test.wall) // as if the wall clock had moved
				date := service.Add(10*time.Second + test.service)
				if test.noService {
					date, in.CountedBy = time.Time{}, time.Time{}
				}
				second.count(in, date)
				if got := in.Age; got != 10*time.Second+test.want {
					t.Errorf("across the restart: got %v, want %v", got, 10*time.Second+test.want)
				}
				time.Sleep(time.Second)
				if got := second.of(in); got != 11*time.Second+test.want {
					t.Errorf("after it: got %v", got)
				}
			})
		})
	}
}
