package sync_test

import (
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/outline"
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
