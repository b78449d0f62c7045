package sync_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/server"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// A database from a backup finds a staging node that was made after it, and filled
// twice. What stands there comes into the document, each item once and the second copy
// in the trash. That holds though the program has ended while it found out about the
// database.
func TestRestoredDatabaseEmptiesAStagingNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		numbers := sentNumbers{}
		c.strict = true
		c.reopen(numbers)
		c.once()
		restore := c.backup()
		way := &delayed{Service: s, passes: true}
		c.through(way, func(cfg *sync.Config) { cfg.Strict, cfg.Sent = true, numbers.sent() })
		c.add(doc, "beta", "x")
		c.add(doc, "beta", "y")
		s.Faults(func(path string, n int) remotetest.Fault {
			way.armed = path == "doc/edit" && n == 0 // for the filling
			if path == "doc/edit" && n > 1 {
				return remotetest.LostRefused // the moves
			}
			return remotetest.None
		})
		c.once()
		s.Faults(nil)
		time.Sleep(time.Minute)
		way.deliver(t)
		restore()
		ends := numbers.sent()
		ends.Note = func(string, uint64, bool) error { return errors.New("the program ends here") }
		c.restart()
		c.engine = sync.New(sync.Config{DB: c.db, Remote: s.Client(t), Server: remotetest.Address, Strict: true, Sent: ends})
		c.once()
		c.reopen(numbers)
		c.rounds(5)
		want := sampleText + "x\ny\n"
		for _, got := range []string{served(t, s, "Plan"), show(c.document(doc))} {
			if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		}
		if got := strings.Join(c.trashed(), " "); got != "y x" {
			t.Errorf("in the trash: %q", got)
		}
	})
}

// A staging node of another database is left alone by one that was restored.
func TestRestoredDatabaseLeavesOthersStagingNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		numbers := sentNumbers{}
		c.reopen(numbers)
		c.once()
		restore := c.backup()
		c.reopen(numbers)
		c.edit(doc, "alpha", "alpha changed")
		c.settle()
		other := newClient(t, s)
		other.strict = true
		other.restart()
		other.settle()
		other.add(other.doc("Plan"), "beta", "x")
		s.Faults(func(path string, n int) remotetest.Fault {
			if path == "doc/edit" && n > 1 {
				return remotetest.LostRefused // the moves
			}
			return remotetest.None
		})
		other.once()
		s.Faults(nil)
		restore()
		c.reopen(numbers)
		c.rounds(5)
		if got := served(t, s, "Plan"); !strings.Contains(got, "\n⟳ outlast") {
			t.Errorf("got\n%s", got)
		}
	})
}
