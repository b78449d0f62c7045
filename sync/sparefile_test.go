package sync_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/server"
	"outlast/sync/remotetest"
)

// A new document that was made twice is one document here; the spare one becomes
// the next.
func TestSpareDocumentBecomesTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := sample(t, server.Compat)
		s.Once("file/edit", 0, remotetest.Twice)
		c.add(c.addDoc("First"), "", "inside the first")
		c.settle()
		if got := c.titles(); slices.ContainsFunc(got, func(title string) bool { return strings.HasPrefix(title, "⟳") }) {
			t.Errorf("a temporary title is shown: %q", got)
		}
		time.Sleep(time.Hour)
		s.Faults(nil)
		c.add(c.addDoc("Second"), "", "inside the second")
		c.settle()
		if got := served(t, s, "Second"); got != "inside the second\n" {
			t.Errorf("got\n%s", got)
		}
		other := newClient(t, s)
		other.settle()
		got := other.titles()
		slices.Sort(got)
		if want := []string{"First", "Inbox", "Plan", "Second"}; !slices.Equal(got, want) {
			t.Errorf("the service has %q, want %q", got, want)
		}
	})
}
