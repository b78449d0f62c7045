package sync_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// A restored database has forgotten a request that arrives again: a person is told of
// each second item, and none is deleted. Of what comes a day later nothing is told, though
// the first read may be as late.
func TestForgottenRequestArrivesAgain(t *testing.T) {
	const long = "a text that says enough"
	for name, test := range map[string]struct {
		rounds int           // between the restore and the second delivery
		after  time.Duration // which comes that much later
		asleep time.Duration // and how long the service is not reached then
		told   int
	}{
		"before the first read":           {0, time.Second, 0, 2},
		"before the first read, minutes":  {0, 5 * time.Minute, 0, 2},
		"before the first read of a week": {0, time.Second, 7 * 24 * time.Hour, 2},
		"after the first read":            {3, time.Second, 0, 2},
		"much later":                      {3, 24 * time.Hour, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, server.Compat)
				numbers := sentNumbers{}
				c.reopen(numbers)
				c.settle()
				restore := c.backup()
				d := &delayed{Service: s, armed: true, passes: true}
				c.through(d, func(cfg *sync.Config) { cfg.Sent = numbers.sent() })
				c.add(doc, "beta", "x")
				c.add(doc, "gamma", long)
				c.settle()
				restore()
				c.reopen(numbers)
				c.rounds(test.rounds)
				time.Sleep(test.after)
				d.deliver(t)
				if test.asleep > 0 {
					s.Faults(func(string, int) remotetest.Fault { return remotetest.LostRefused })
					_, _ = c.once()
					time.Sleep(test.asleep)
					s.Faults(nil)
				}
				for range 3 {
					c.rounds(3)
					c.reopen(numbers)
				}
				if got := served(t, s, "Plan"); strings.Count(got, long) != 2 {
					t.Errorf("got\n%s", got)
				}
				if n := c.conflictsOf(store.ConflictDuplicate); n != test.told {
					t.Errorf("a person is told of %d copies, want %d", n, test.told)
				}
			})
		})
	}
}

// What somebody writes around the time when a database is restored is not taken for
// a copy unless it stands twice.
func TestRestoredDatabaseTellsOfCopiesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		numbers := sentNumbers{}
		c.reopen(numbers)
		c.settle()
		restore := c.backup()
		c.reopen(numbers)
		c.add(doc, "beta", "ours")
		c.settle()
		restore()
		c.reopen(numbers)
		for _, text := range []string{"one", "two", "three"} {
			write(t, s, doc, c.node(doc, "gamma"), []string{text, text + " and more"})
			c.rounds(2)
		}
		if n := c.conflictsOf(store.ConflictDuplicate); n != 0 {
			t.Errorf("a person is told of %d copies: %+v", n, c.conflicts(true))
		}
	})
}
