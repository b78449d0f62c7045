package sync_test

import (
	"testing"
	"testing/synctest"

	"outlast/internal/server"
	"outlast/sync/remotetest"
)

// Two equal short lines whose requests both went astray may look for the same
// node: who binds it second must not fail for ever.
func TestTwoRequestsInDoubtShareACandidate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.add(doc, "beta", "x")
		s.Once("doc/edit", 0, remotetest.LostTimeout)
		c.once()
		c.add(doc, "beta", "x")
		s.Once("doc/edit", 0, remotetest.AppliedTimeout)
		c.once()
		s.Faults(nil)
		c.settle()
		want := "alpha\n  alpha one\n  alpha two\nbeta\n  beta one\n  beta two\n  x\n  x\ngamma\n  gamma one\n  gamma two\n"
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("got\n%s", got)
		}
	})
}
