package sync_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// running starts the engine's loop; the test ends it.
func (c *client) running() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.engine.Run(ctx) }()
	c.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			c.t.Errorf("run: %v", err)
		}
	})
}

func TestRunSendsSoonAfterAnEdit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		c.running()
		time.Sleep(5 * time.Minute)
		s.Faults(nil)
		c.add(doc, "beta", "typed just now")
		time.Sleep(3 * time.Second)
		if n := s.Requests()["doc/edit"]; n != 1 {
			t.Errorf("%d edits sent 3 s after an edit, want 1", n)
		}
		time.Sleep(3 * time.Minute)
		if n := c.unconfirmed(); n != 0 {
			t.Errorf("%d records not read back after 3 minutes", n)
		}
	})
}

// While nothing happens a round costs one small request, and the file list is
// read every 10 minutes.
func TestRunIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := sample(t, server.Safe)
		c.running()
		time.Sleep(time.Minute)
		s.Faults(nil)
		time.Sleep(time.Hour)
		got := s.Requests()
		if n := got["doc/check_for_updates"]; n < 100 || n > 121 {
			t.Errorf("%d version checks in an hour, want 120 at most", n)
		}
		if n := got["file/list"]; n > 6 {
			t.Errorf("%d file lists in an hour, want 6 at most", n)
		}
		if n := got["doc/read"] + got["doc/edit"] + got["pref/get"]; n > 0 {
			t.Errorf("%d other requests: %v", n, got)
		}
	})
}

// In an outage tries come at growing distances, at most five minutes apart, and
// the return is noticed within that time.
func TestRunThroughAnOutage(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				c.running()
				time.Sleep(time.Minute)
				s.Down()
				for range 20 {
					c.add(doc, "beta", "during the outage "+newID())
					time.Sleep(12 * time.Minute)
				}
				tries := 0
				for _, n := range s.Requests() {
					tries += n
				}
				if tries < 48 || tries > 400 {
					t.Errorf("%d tries in 4 hours", tries)
				}
				if st := c.engine.Status(); st.Trouble == nil || st.Trouble.Kind != "offline" {
					t.Errorf("status: %+v", st)
				}
				s.Faults(nil)
				time.Sleep(6 * time.Minute)
				if n := c.unconfirmed(); n != 0 {
					t.Errorf("%d records left 6 minutes after the return", n)
				}
				if got := c.document(doc).Len(); got != 1+9+20 {
					t.Errorf("%d nodes, want 30", got)
				}
				if st := c.engine.Status(); st.Trouble != nil {
					t.Errorf("trouble after the return: %+v", st.Trouble)
				}
			})
		})
	}
}

// A refused token stops all requests until someone asks for a round.
func TestRunStopsAtARefusedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		token := "wrong"
		remote, err := dynalist.New(dynalist.Config{
			Server: remotetest.Address, Transport: s, Token: func() string { return token },
		})
		if err != nil {
			t.Fatal(err)
		}
		c.engine = sync.New(sync.Config{DB: c.db, Remote: remote, Server: remotetest.Address})
		s.Faults(nil) // counts from here on
		c.running()
		c.add(doc, "beta", "kept all the same")
		time.Sleep(24 * time.Hour)
		total := 0
		for _, n := range s.Requests() {
			total += n
		}
		if total != 1 {
			t.Errorf("%d requests with a refused token, want 1", total)
		}
		if _, err := c.engine.Sync(t.Context(), sync.Round{}); !errors.Is(err, sync.ErrToken) {
			t.Errorf("got %v", err)
		}
		if st := c.engine.Status(); st.Trouble == nil || st.Trouble.Kind != "token" {
			t.Errorf("status: %+v", st)
		}
		token = remotetest.Token
		if _, err := c.engine.Sync(t.Context(), sync.Round{List: true}); err != nil {
			t.Fatal(err)
		}
		if n := c.unconfirmed(); n != 0 {
			t.Errorf("%d records left after the token was replaced", n)
		}
	})
}

// What the service does not allow is parked, shown, and kept in the tree; the
// rest of the account goes on.
func TestReadOnlyDocumentParksItsEdits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		other := c.addDoc("Other")
		c.settle()
		if err := s.SetPermission(string(doc), int(outline.Read)); err != nil {
			t.Fatal(err)
		}
		c.add(doc, "beta", "not allowed")
		c.add(other, "", "allowed")
		for range 3 {
			if _, err := c.once(); err != nil {
				t.Fatal(err)
			}
		}
		parked := 0
		c.view(func(tx *store.Tx) error {
			w, err := tx.Waiting()
			parked = w[doc].Parked
			return err
		})
		if parked != 1 {
			t.Errorf("%d parked records, want 1\n%s", parked, c.log())
		}
		c.node(doc, "not allowed") // fails the test if it is gone
		if got := served(t, s, "Other"); got != "allowed\n" {
			t.Errorf("other document: got %q", got)
		}
	})
}

// An account that suddenly is another one is not pulled, and nothing is sent to it.
func TestOtherAccountIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c, doc := sample(t, server.Safe)
		c.add(doc, "beta", "not for strangers")
		stranger := remotetest.OpenAt(t, server.Config{Path: filepath.Join(t.TempDir(), "other.db"), NoSync: true})
		c.service = stranger
		c.restart()
		_, err := c.once()
		if !errors.Is(err, sync.ErrOtherAccount) || !errors.Is(err, sync.ErrHeld) {
			t.Errorf("got %v", err)
		}
		if n := stranger.Requests()["doc/edit"] + stranger.Requests()["file/edit"]; n != 0 {
			t.Errorf("%d edits sent to another account", n)
		}
		c.node(doc, "not for strangers")
	})
}

// A service that was set back to an older state is not believed.
func TestOlderVersionIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		c.add(doc, "beta", "later")
		c.settle()
		err := c.db.Update(func(tx *store.Tx) error { // as if it had been far ahead
			m, _, err := tx.Meta(doc)
			if err != nil {
				return err
			}
			base, err := tx.Base(doc)
			if err != nil {
				return err
			}
			base.Version = m.Version + 100
			_, err = tx.PutBase(base, nil, time.Now())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		before := show(c.document(doc))
		r, err := c.once()
		if err != nil || len(r.Failed) != 1 || !errors.Is(r.Failed[0].Err, sync.ErrHeld) {
			t.Errorf("got %+v, %v", r, err)
		}
		c.view(func(tx *store.Tx) error {
			a, err := tx.Account()
			if err == nil && a.Held[string(doc)].Kind != "hold" {
				t.Errorf("status does not name the held document: %+v", a.Held)
			}
			return err
		})
		c.add(doc, "beta", "work goes on")
		s.Faults(nil)
		if _, err := c.once(); err != nil {
			t.Fatal(err)
		}
		if n := s.Requests()["doc/edit"]; n != 0 {
			t.Errorf("%d edits sent on top of a state that is not believed", n)
		}
		c.remove(doc, "work goes on")
		if got := show(c.document(doc)); got != before {
			t.Errorf("got\n%swant\n%s", got, before)
		}
	})
}
