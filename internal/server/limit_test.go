package server

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/dynalist"
)

// spend posts until the answer is no longer Ok and returns how often it was.
func (t *tester) spend(path string, q object) int {
	t.Helper()
	for n := 0; ; n++ {
		switch a := t.post(path, q); a["_code"] {
		case "Ok":
		case "TooManyRequests":
			return n
		default:
			t.Fatalf("%s answered %v", path, a)
		}
	}
}

func TestBucketsAreAsDocumented(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{Limits: true})
		for path, q := range map[string]object{
			dynalist.PathFileList: nil,
			dynalist.PathFileEdit: {"changes": list{}},
			dynalist.PathDocRead:  {"file_id": s.inbox},
			dynalist.PathDocCheck: {"file_ids": list{}},
			dynalist.PathDocEdit:  {"file_id": s.inbox, "changes": list{}},
			dynalist.PathInboxAdd: {"content": "x"},
			dynalist.PathPrefGet:  {"key": "inbox_location"},
			dynalist.PathPrefSet:  {"key": "inbox_move_position", "value": "top"},
		} {
			want := documentedLimits()[path]
			if got := s.spend(path, q); got != want.Burst {
				t.Errorf("%s: burst %d, want %d", path, got, want.Burst)
			}
			time.Sleep(time.Minute/time.Duration(want.PerMinute) + time.Millisecond)
			if got := s.spend(path, q); got != 1 {
				t.Errorf("%s: %d after the time for one", path, got)
			}
		}
	})
}

// The client must keep within what the server allows.
func TestServerAllowsWhatTheClientAssumes(t *testing.T) {
	for path, c := range dynalist.Limits() {
		s, ok := documentedLimits()[path]
		if !ok || s.PerMinute < c.PerMinute || s.Burst < c.Burst {
			t.Errorf("%s: server %+v, client %+v", path, s, c)
		}
	}
}

func TestChangesAreLimited(t *testing.T) {
	batch := func(s *tester, n int) object { return object{"file_id": s.inbox, "changes": inserts(n)} }
	for name, c := range map[string]struct {
		profile  Profile
		switches Switches
		code     string
		nodes    int
	}{
		"F9 nothing applied": {Safe, Switches{}, "TooManyRequests", 401},
		"F9 compat":          {Compat, Switches{}, "TooManyRequests", 401},
		"F9 keeps prefix":    {Compat, Switches{LimitKeepsPrefix: true}, "TooManyRequests", 501},
		"F2 cut to bucket":   {Compat, Switches{CutToBucket: true}, "Ok", 501},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, Config{Profile: c.profile, Switches: c.switches, Limits: true})
				s.want("Ok", dynalist.PathDocEdit, batch(s, 400))
				s.want(c.code, dynalist.PathDocEdit, batch(s, 200))
				if got := len(s.read().nodes); got != c.nodes {
					t.Errorf("got %d nodes, want %d", got, c.nodes)
				}
			})
		})
	}
}

func TestPenaltyClosesTheBucket(t *testing.T) {
	for profile, want := range map[Profile]time.Duration{Safe: time.Second, Compat: 45 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, Config{Profile: profile, Limits: true})
			q := object{"file_ids": list{}}
			s.spend(dynalist.PathDocCheck, q)
			begin := time.Now()
			for s.post(dynalist.PathDocCheck, q)["_code"] != "Ok" {
				time.Sleep(time.Second)
			}
			if got := time.Since(begin); got != want {
				t.Errorf("%s: open again after %s, want %s", profile, got, want)
			}
		})
	}
}

func TestGuessingTokensIsSlow(t *testing.T) {
	s := open(t, Config{Limits: true})
	for range 100 {
		s.send(dynalist.PathFileList, `{"token":"guess"}`)
	}
	if a := s.post(dynalist.PathFileList, object{"token": "guess"}); a["_code"] != "TooManyRequests" {
		t.Errorf("got %v", a)
	}
	s.want("Ok", dynalist.PathFileList, nil)
}

func TestStrangersDoNotFillMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Config{Limits: true, Profile: Safe})
		for i := range 3 * maxBuckets {
			if i%maxBuckets == 0 {
				time.Sleep(time.Minute)
			}
			l.allow(strconv.Itoa(i), limitGuess, 1)
		}
		if len(l.buckets) > maxBuckets {
			t.Errorf("%d buckets", len(l.buckets))
		}
	})
}
