package health

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"outlast/store"
)

// story plays facts to a journal, minute by minute.
type story struct {
	t       *testing.T
	j       Journal
	now     time.Time
	rules   Rules
	notices []Notice
	ended   []Incident
	days    []Day
}

func newStory(t *testing.T) *story { return &story{t: t, now: at} }

// play observes the same facts each minute for a time. Clocks of what is well go on.
func (s *story) play(d time.Duration, change func(*Facts)) {
	s.restart()
	for end := s.now.Add(d); s.now.Before(end); s.now = s.now.Add(time.Minute) {
		s.look(change)
	}
}

// restart leaves of the journal what was written down.
func (s *story) restart() {
	text, err := json.Marshal(s.j)
	if err != nil {
		s.t.Fatal(err)
	}
	s.j = Journal{}
	if err := json.Unmarshal(text, &s.j); err != nil {
		s.t.Fatal(err)
	}
}

// sleep lets time pass that nobody sees.
func (s *story) sleep(d time.Duration) { s.now = s.now.Add(d) }

func (s *story) look(change func(*Facts)) Outcome {
	f := good()
	f.Now = s.now
	f.Account.LastContact, f.Account.LastSync = s.now, s.now
	f.Snapshots.LastVerified, f.Snapshots.LastDrill = s.now, s.now
	if change != nil {
		change(&f)
	}
	out := s.j.Observe(f, s.rules)
	s.notices = append(s.notices, out.Notices...)
	s.ended = append(s.ended, out.Ended...)
	if out.Day != nil {
		s.days = append(s.days, *out.Day)
	}
	return out
}

// down returns for how long the service was, over all days.
func (s *story) down() (small, large time.Duration) {
	for _, d := range append(slices.Clone(s.days), s.j.Today) {
		small += time.Duration(d.Small.Down) * time.Second
		large += time.Duration(d.Large.Down) * time.Second
	}
	return small, large
}

// told checks the notices since the last call: "alarm large, recovery large".
func (s *story) told(want string) {
	s.t.Helper()
	var got []string
	for _, n := range s.notices {
		got = append(got, string(n.Kind)+" "+n.Incident.Effect)
	}
	if strings.Join(got, ", ") != want {
		s.t.Errorf("after %v told %q, want %q", s.now.Sub(at), got, want)
	}
	s.notices = nil
}

func large(f *Facts) {
	f.LargeClass = ClassFailing
	f.Account.Trouble = &store.Trouble{Kind: KindPartly, Text: "x", Code: "HTTP 502"}
}

func down(f *Facts) {
	f.SmallClass, f.LargeClass = ClassFailing, ClassFailing
	f.Account.Trouble = &store.Trouble{Kind: KindOffline, Cause: "service", Text: "x", Code: "HTTP 502", Since: f.Now}
}

func noNetwork(f *Facts) {
	none := false
	f.Network = &none
	f.Account.Trouble = &store.Trouble{Kind: KindOffline, Cause: "dns", Text: "x", Since: f.Now}
}

// The outage of 2018: four hours without large requests, in which all else fails
// now and then for some minutes.
func TestOutageOfLargeRequestsIsToldOnceAndItsEndOnce(t *testing.T) {
	s := newStory(t)
	s.play(time.Hour, nil)
	began := s.now
	s.play(59*time.Minute, large)
	s.told("")
	s.play(3*time.Minute, large)
	s.told("alarm large")
	for range 10 {
		s.play(14*time.Minute, large)
		s.play(3*time.Minute, down)
	}
	s.play(10*time.Minute, large)
	over := s.now
	s.play(4*time.Minute, nil)
	s.told("")
	s.play(10*time.Minute, nil)
	s.told("recovery large")
	s.play(48*time.Hour, nil)
	s.told("")
	slices.SortFunc(s.ended, func(a, b Incident) int { return cmp.Compare(a.Effect, b.Effect) })
	if len(s.ended) != 11 {
		t.Fatalf("%d incidents, want one of large requests and ten short ones", len(s.ended))
	}
	i := s.ended[0]
	if i.Effect != "large" || i.Cause != CauseLarge || i.Side != "service" || !i.Since.Equal(began) || !i.Until.Equal(over) || i.Breaks != 0 {
		t.Errorf("got %+v from %v to %v", i, began, over)
	}
	if i.Codes["HTTP 502"] == 0 || i.State != Degraded {
		t.Errorf("got %+v", i)
	}
	if small, large := s.down(); large != over.Sub(began) || small != 30*time.Minute {
		t.Errorf("large requests were down for %v, small for %v", large, small)
	}
}

func TestWhatComesAndGoesIsOneIncident(t *testing.T) {
	s := newStory(t)
	for range 30 {
		s.play(3*time.Minute, down)
		s.play(2*time.Minute, nil)
	}
	s.told("alarm unreachable")
	s.play(10*time.Minute, nil)
	s.told("recovery unreachable")
	if len(s.ended) != 1 || s.ended[0].Breaks != 29 {
		t.Errorf("got %+v", s.ended)
	}
}

func TestNobodyIsToldOfNoNetwork(t *testing.T) {
	s := newStory(t)
	s.play(10*time.Hour, noNetwork)
	s.play(time.Hour, nil)
	s.told("")
	if len(s.ended) != 1 || s.ended[0].Cause != CauseNetwork || s.ended[0].Side != "this machine" {
		t.Errorf("got %+v", s.ended)
	}
	if small, _ := s.down(); small != 0 {
		t.Errorf("it counts as %v of the service being down", small)
	}
}

// A laptop that slept has seen nothing: the hour begins when it is awake. That
// the last proof is old is told at once.
func TestAsleepForThreeDays(t *testing.T) {
	s := newStory(t)
	s.play(10*time.Minute, down)
	s.sleep(72 * time.Hour)
	slept := s.now.Add(-72 * time.Hour)
	stale := func(f *Facts) { down(f); f.Account.LastSync, f.Account.LastContact = slept, slept }
	s.look(stale)
	s.told("alarm stale")
	s.play(30*time.Minute, stale)
	s.told("")
	s.play(30*time.Minute, nil)
	s.told("recovery stale")
}

func TestAtMostOneNoticeADayForOneCause(t *testing.T) {
	s := newStory(t)
	for range 5 { // five outages a day
		s.play(90*time.Minute, down)
		s.play(3*time.Hour, nil)
	}
	s.told("alarm unreachable, recovery unreachable")
	s.play(4*time.Hour, nil)
	s.play(90*time.Minute, down)
	s.told("alarm unreachable")
}

func TestWhatIsCriticalIsToldAgainEachDay(t *testing.T) {
	s := newStory(t)
	s.play(50*time.Hour, func(f *Facts) { f.Account.Trouble = &store.Trouble{Kind: KindToken, Text: "x"} })
	s.told("alarm token, reminder token, reminder token")
	s.play(time.Hour, nil)
	s.told("recovery token")
}

func TestWhatGetsWorseIsToldAgain(t *testing.T) {
	s := newStory(t)
	low := func(l Level) func(*Facts) { return func(f *Facts) { f.Disks[0].Level = l } }
	s.play(time.Hour, low(Warning))
	s.play(time.Hour, low(Critical))
	s.play(time.Hour, low(Warning))
	s.play(time.Hour, low(Critical))
	s.told("alarm disk, alarm disk")
}

func TestQuietHours(t *testing.T) {
	s := newStory(t)
	until := at.Add(8 * time.Hour)
	s.rules.Quiet = func(now time.Time) bool { return now.Before(until) }
	s.play(3*time.Hour, both(down, func(f *Facts) { f.Disks[0].Level = Critical }))
	s.told("alarm disk")
	s.play(3*time.Hour, nil)
	s.told("recovery disk")
	s.play(3*time.Hour, down)
	s.told("alarm unreachable") // at eight
	s.rules.Quiet = func(time.Time) bool { return true }
	s.play(time.Hour, nil)
	s.told("")
	s.rules.Quiet = nil
	s.look(nil)
	s.told("recovery unreachable")
}

// While nothing large is asked, it is not known whether that works again.
func TestIncidentOfLargeRequestsNeedsProofToEnd(t *testing.T) {
	s := newStory(t)
	s.play(2*time.Hour, large)
	s.play(2*time.Hour, func(f *Facts) { f.LargeClass = ClassUnknown })
	s.told("alarm large")
	s.play(10*time.Minute, nil)
	s.told("recovery large")
}

func TestDelayOfEdits(t *testing.T) {
	s := newStory(t)
	waits := func(since time.Time) func(*Facts) {
		return func(f *Facts) { f.Queue.Pending, f.Queue.Oldest = 2, since }
	}
	s.look(nil)
	s.play(10*time.Minute, waits(s.now))
	s.look(waits(s.now.Add(-time.Minute))) // that one has gone, another waits
	s.play(2*time.Minute, nil)
	if d := s.j.Today.Delay; d.Count != 2 || d.Max != 600 || d.Total != 600+60 {
		t.Errorf("got %+v", d)
	}
}

// Whatever happens: one alarm and at most one recovery for each incident, none
// twice a day, and no second is counted twice.
func TestLawsOfTheJournal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newStory(t)
		began := s.now
		for range rapid.IntRange(1, 12).Draw(rt, "stretches") {
			change := rapid.SampledFrom([]func(*Facts){nil, nil, down, large, noNetwork, func(f *Facts) {
				f.Account.Trouble = &store.Trouble{Kind: KindToken, Text: "x"}
			}}).Draw(rt, "facts")
			s.play(time.Duration(rapid.IntRange(1, 150).Draw(rt, "minutes"))*time.Minute, change)
			if rapid.IntRange(0, 4).Draw(rt, "sleeps") == 0 {
				s.sleep(time.Duration(rapid.IntRange(1, 3000).Draw(rt, "asleep")) * time.Minute)
			}
		}
		s.play(10*time.Minute, nil)
		alarms, recoveries, last := map[string]int{}, map[string]int{}, map[string]time.Time{}
		for _, n := range s.notices {
			if n.Kind == Recovery {
				recoveries[n.Incident.ID]++
				continue
			}
			if n.Kind == Alarm {
				alarms[n.Incident.ID]++
			}
			told := n.Incident.Moments[len(n.Incident.Moments)-1].At
			if before, ok := last[n.Incident.Effect]; ok && told.Sub(before) < again {
				rt.Errorf("%s told twice within %v", n.Incident.Effect, told.Sub(before))
			}
			last[n.Incident.Effect] = told
		}
		for _, i := range s.ended {
			if a, r := alarms[i.ID], recoveries[i.ID]; a > 1 || a != r {
				rt.Errorf("%s: %d alarms, %d recoveries", i.ID, a, r)
			}
			if i.Lasted(s.now) < 0 || time.Duration(i.Watched)*time.Second > i.Lasted(s.now) {
				rt.Errorf("%s lasted %v, watched for %d s", i.ID, i.Lasted(s.now), i.Watched)
			}
		}
		if len(s.j.Open) != 0 {
			rt.Errorf("still open: %+v", s.j.Open)
		}
		sum := 0.0
		for _, d := range append(s.days, s.j.Today) {
			sum += d.Small.Up + d.Small.Down
			if d.Large.Up+d.Large.Down > d.Small.Up+d.Small.Down {
				rt.Errorf("large was seen for longer than small: %+v", d)
			}
		}
		if sum > s.now.Sub(began).Seconds() {
			rt.Errorf("%v s were counted of %v", sum, s.now.Sub(began))
		}
	})
}

// A snapshot that is missing is told, but not while it is being taken; and it is
// missing while nobody looks, as where a timer looks each hour.
func TestMissingSnapshotIsTold(t *testing.T) {
	none := func(f *Facts) { f.Snapshots.LastVerified = time.Time{} }
	s := newStory(t)
	s.play(9*time.Minute, none)
	s.play(30*time.Minute, nil)
	s.told("")
	for range 3 {
		s.look(none)
		s.sleep(time.Hour)
	}
	s.told("alarm snapshot")
}
