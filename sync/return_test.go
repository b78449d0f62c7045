package sync_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
)

// A document that goes away with an edit that no read has shown yet, and comes
// back, is read anew: its version is the one that the edit led to.
func TestDocumentThatComesBackIsRead(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				c.edit(doc, "beta one", "beta changed")
				if _, err := c.engine.Once(t.Context(), sync.Round{}); err != nil {
					t.Fatal(err)
				}
				var id outline.ServiceID
				c.view(func(tx *store.Tx) error {
					b, err := tx.FileBindings()
					id = b.Service(doc)
					return err
				})
				for _, to := range []outline.Permission{outline.NoAccess, outline.Owner} {
					if err := s.SetPermission(string(id), int(to)); err != nil {
						t.Fatal(err)
					}
					for range 3 {
						if _, err := c.once(); err != nil {
							t.Fatal(err)
						}
						time.Sleep(2 * time.Minute)
					}
				}
				if got, want := show(c.document(doc)), served(t, s, "Plan"); got != want {
					t.Errorf("got\n%swant\n%s", got, want)
				}
			})
		})
	}
}

// A document that is closed to us has no version: nothing is written to it that a late
// delivery could put over what somebody has written there in the meantime.
func TestNothingIsSentToADocumentWithoutAVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.edit(doc, "beta one", "beta one ours")
		c.add(doc, "beta", "new")
		somebody(t, s, doc, "beta one", sync.Step{
			Kind: outline.Update, Mask: outline.Content, Fields: outline.Fields{Content: "theirs beta one"},
		})
		if err := s.SetPermission(string(doc), int(outline.NoAccess)); err != nil {
			t.Fatal(err)
		}
		before := s.Requests()["doc/edit"]
		if _, err := c.engine.Once(t.Context(), sync.Round{}); err != nil {
			t.Fatal(err)
		}
		if n := s.Requests()["doc/edit"] - before; n != 0 {
			t.Errorf("%d requests wrote to it", n)
		}
		if err := s.SetPermission(string(doc), int(outline.Owner)); err != nil {
			t.Fatal(err)
		}
		c.settle()
		if got := served(t, s, "Plan"); !strings.Contains(got, "theirs beta one ours\n") || !strings.Contains(got, "  new\n") {
			t.Errorf("got\n%s", got)
		}
	})
}
