package sync_test

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// sentNumbers keeps the number of the last request as a file elsewhere would.
type sentNumbers map[string]uint64

func (n sentNumbers) sent() sync.Sent {
	return sync.Sent{
		Last: func(client string) (uint64, bool, error) {
			last, ok := n[client]
			return last, ok, nil
		},
		Note: func(client string, last uint64, _ bool) error {
			n[client] = last
			return nil
		},
	}
}

// reopen opens the engine anew, with numbers kept outside of the database.
func (c *client) reopen(n sentNumbers) {
	c.restart()
	c.engine = sync.New(sync.Config{DB: c.db, Remote: c.service.Client(c.t), Server: remotetest.Address, Strict: c.strict, Sent: n.sent()})
}

// backup returns the database as it is now, in a file.
func (c *client) backup() (restore func()) {
	c.t.Helper()
	c.restart()
	content, err := os.ReadFile(c.path)
	if err != nil {
		c.t.Fatal(err)
	}
	return func() {
		if err := c.db.Close(); err != nil {
			c.t.Fatal(err)
		}
		if err := os.WriteFile(c.path, content, 0o600); err != nil {
			c.t.Fatal(err)
		}
		c.open()
	}
}

// A database from a backup holds edits that were sent since. They are not sent
// again; what the service does not show waits for a person.
func TestRestoredDatabaseDoesNotSendAgain(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				numbers := sentNumbers{}
				c.reopen(numbers)
				c.once()
				c.add(doc, "beta", "x") // a text that proves nothing
				c.add(doc, "x", "y")
				c.add(doc, "gamma", "taken away since")
				c.edit(doc, "alpha one", "changed")
				restore := c.backup()
				c.reopen(numbers)
				c.settle()
				c.remove(doc, "taken away since")
				c.settle()
				want := served(t, s, "Plan")

				restore()
				c.reopen(numbers)
				for range 5 {
					c.once()
					time.Sleep(time.Minute)
				}
				if got := served(t, s, "Plan"); got != want {
					t.Errorf("got\n%swant\n%s", got, want)
				}
				if got := c.parked(); len(got) != 1 || !strings.Contains(got[0], "restored or copied") {
					t.Errorf("parked: %q, want what the service does not show", got)
				}
				if got := c.waitingConflicts(); got != 1 {
					t.Errorf("%d conflicts wait, want 1", got)
				}
				c.retryParked()
				c.settle()
				if got := served(t, s, "Plan"); !strings.Contains(got, "taken away since") || strings.Count(got, "  x") != 1 {
					t.Errorf("after a person said yes: got\n%s", got)
				}
				if got := c.waitingConflicts(); got != 0 {
					t.Errorf("%d conflicts wait, want none", got)
				}
			})
		})
	}
}

// An item that was made, taken away and made again before the database was kept is one
// item: of two equal ones at the service one is it, and none is deleted as its copy.
func TestRestoredItemThatWasMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		numbers := sentNumbers{}
		c.reopen(numbers)
		c.once()
		id := c.add(doc, "beta", "x")
		made := op(doc, outline.Change{
			Kind: outline.Insert, Node: id, To: c.document(doc).PlaceOf(c.node(doc, "x")), New: outline.Fields{Content: "x"},
		})
		c.remove(doc, "x")
		c.append(made)
		restore := c.backup()
		c.reopen(numbers)
		c.settle()
		write(t, s, doc, c.node(doc, "beta"), []string{"x"})
		restore()
		c.reopen(numbers)
		c.settle()
		if got := served(t, s, "Plan"); strings.Count(got, "  x\n") != 2 {
			t.Errorf("got\n%s", got)
		}
	})
}

// A document whose making was in doubt when the database was kept is seen at the
// service by its first title; what is left to do is to give it its own.
func TestRestoredDatabaseFinishesANewDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := sample(t, server.Compat)
		numbers := sentNumbers{}
		c.reopen(numbers)
		c.once()
		c.addDoc("Begun")
		restore := c.backup()
		c.reopen(numbers)
		s.Once("file/edit", 0, remotetest.AppliedReset)
		c.once()
		restore()
		c.reopen(numbers)
		s.Faults(nil)
		c.settle()
		c.add(c.doc("Begun"), "", "inside")
		c.settle()
		if got := c.parked(); len(got) != 0 {
			t.Errorf("parked: %q", got)
		}
		if got := served(t, s, "Begun"); got != "inside\n" {
			t.Errorf("got %q", got)
		}
	})
}

// A database whose number is known goes on without a question, and so does one
// that nothing waits in, wherever it comes from.
func TestKnownDatabaseGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		numbers := sentNumbers{}
		c.reopen(numbers)
		c.once()
		for _, text := range []string{"one", "two", "three"} {
			c.add(doc, "beta", text)
			c.settle()
			c.reopen(numbers)
		}
		c.reopen(sentNumbers{}) // another machine
		c.once()
		c.add(doc, "beta", "four")
		c.settle()
		if got := served(t, s, "Plan"); !strings.Contains(got, "  one\n  two\n  three\n  four\n") {
			t.Errorf("got\n%s", got)
		}
		if got := c.waitingConflicts(); got != 0 {
			t.Errorf("%d conflicts wait, want none", got)
		}
	})
}

// A copy of a database leaves a staging node alone in which the original has put new
// items and not seen them yet. The original finds them there, and sends none again.
func TestCopiedDatabaseLeavesStagingNodesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.strict = true
		c.restart()
		numbers := sentNumbers{}
		c.reopen(numbers)
		c.once()
		c.add(doc, "beta", "x") // a text that proves nothing
		c.add(doc, "beta", "y")
		s.Faults(func(path string, n int) remotetest.Fault {
			switch {
			case path == "doc/edit" && n == 1:
				return remotetest.AppliedReset // the filling
			case path == "doc/read":
				return remotetest.LostRefused
			}
			return remotetest.None
		})
		c.once()
		s.Faults(nil)
		second := c.copied()
		second.rounds(5)
		c.reopen(numbers)
		c.settle()
		c.finish(doc)
		want := strings.Replace(sampleText, "  beta two\n", "  beta two\n  x\n  y\n", 1)
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// rounds does some rounds, a minute apart.
func (c *client) rounds(n int) {
	for range n {
		c.once()
		time.Sleep(time.Minute)
	}
}

// copied returns a client on another machine, with a copy of the database.
func (c *client) copied() *client {
	c.t.Helper()
	second := &client{t: c.t, service: c.service, path: c.path + "-copy", strict: c.strict}
	c.restart()
	content, err := os.ReadFile(c.path)
	if err == nil {
		err = os.WriteFile(second.path, content, 0o600)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	second.open()
	c.t.Cleanup(func() { second.db.Close() })
	second.reopen(sentNumbers{})
	return second
}

// The filling of a staging node arrives twice. A copy of the database knows by their
// ids which of the equal items are meant, and goes on with these.
func TestCopiedDatabaseKnowsWhatWasStaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, second, doc := stagedTwice(t, remotetest.None)
		second.settle()
		want := strings.Replace(sampleText, "  beta two\n", "  beta two\n  a text that says more\n  another that says enough\n", 1)
		for _, got := range []string{served(t, c.service, "Plan"), show(c.document(doc)), show(second.document(doc))} {
			if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		}
	})
}

// When the original had no answer, the copy cannot know which ones will stay. It takes
// none of them for its own: a person is asked, and nothing is doubled.
func TestCopiedDatabaseAsksAboutWhatWasStagedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, second, doc := stagedTwice(t, remotetest.AppliedReset)
		want := strings.Replace(sampleText, "  beta two\n", "  beta two\n  a text that says enough\n  another that says enough\n", 1)
		for _, got := range []string{served(t, c.service, "Plan"), show(c.document(doc))} {
			if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		}
		if got := show(second.document(doc)); !strings.Contains(got, "a text that says more\n") || second.waitingConflicts() != 1 {
			t.Errorf("%d conflicts wait\n%s", second.waitingConflicts(), got)
		}
	})
}

// stagedTwice returns a client whose two new items were brought below a staging node
// twice, the first time with an answer like this, and another with a copy of its
// database, which has changed one of them. Both have worked for a while.
func stagedTwice(t *testing.T, answer remotetest.Fault) (c, second *client, doc outline.FileID) {
	t.Helper()
	s, c, doc := sample(t, server.Compat)
	numbers := sentNumbers{}
	way := &delayed{Service: s, passes: true}
	c.strict = true
	c.through(way, func(cfg *sync.Config) { cfg.Strict, cfg.Sent = true, numbers.sent() })
	c.once()
	c.add(doc, "beta", "a text that says enough")
	c.add(doc, "beta", "another that says enough")
	s.Faults(func(path string, n int) remotetest.Fault {
		way.armed = path == "doc/edit" && n == 0 // for the filling
		switch {
		case path == "doc/edit" && n == 1:
			return answer
		case path == "doc/edit" && n > 1, path == "doc/read":
			return remotetest.LostRefused // the moves, and all after them
		}
		return remotetest.None
	})
	c.once()
	s.Faults(nil)
	way.deliver(t)
	second = c.copied()
	second.edit(doc, "a text that says enough", "a text that says more")
	second.rounds(5)
	c.reopen(numbers)
	c.settle()
	c.finish(doc)
	second.rounds(5)
	return c, second, doc
}

// parked returns the reasons of parked records.
func (c *client) parked() (reasons []string) {
	c.view(func(tx *store.Tx) error {
		for r, err := range tx.AllUnconfirmed() {
			if err != nil {
				return err
			}
			if r.State == store.Parked {
				reasons = append(reasons, r.Reason)
			}
		}
		return nil
	})
	return reasons
}

// waitingConflicts counts what waits for a person.
func (c *client) waitingConflicts() (n int) {
	c.view(func(tx *store.Tx) error {
		for conflict, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			if conflict.Waits {
				n++
			}
		}
		return nil
	})
	return n
}
