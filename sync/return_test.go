package sync_test

import (
	"errors"
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
		permit(t, s, outline.NoAccess, doc)
		before := s.Requests()["doc/edit"]
		r, err := c.engine.Once(t.Context(), sync.Round{})
		if err != nil || len(r.Failed) != 1 || !errors.Is(r.Failed[0].Err, sync.ErrNoPermission) {
			t.Errorf("failed %v, %v", r.Failed, err)
		}
		if n := s.Requests()["doc/edit"] - before; n != 0 {
			t.Errorf("%d requests wrote to it", n)
		}
		permit(t, s, outline.Owner, doc)
		c.settle()
		if got := served(t, s, "Plan"); !strings.Contains(got, "theirs beta one ours\n") || !strings.Contains(got, "  new\n") {
			t.Errorf("got\n%s", got)
		}
	})
}

// So it is with one that is closed while another is slow to take what we write.
func TestNothingIsSentToADocumentThatLostItsVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		other := c.addDoc("Other")
		c.settle()
		c.edit(doc, "beta one", "beta one ours")
		c.add(other, "", "new")
		var docs []outline.FileID
		c.view(func(tx *store.Tx) error {
			b, err := tx.FileBindings()
			docs = []outline.FileID{outline.FileID(b.Service(doc)), outline.FileID(b.Service(other))}
			return err
		})
		before, slow := s.Requests()["doc/edit"], true
		c.through(&retold{Service: s, path: "doc/edit", tell: func(map[string]any) {
			if slow {
				slow = false
				permit(t, s, outline.NoAccess, docs...)
				time.Sleep(10 * time.Second)
			}
		}})
		r, err := c.engine.Once(t.Context(), sync.Round{})
		if err != nil || len(r.Failed) == 0 || !errors.Is(r.Failed[0].Err, sync.ErrNoPermission) {
			t.Errorf("failed %v, %v", r.Failed, err)
		}
		if n := s.Requests()["doc/edit"] - before; n != 1 {
			t.Errorf("%d requests wrote", n)
		}
		permit(t, s, outline.Owner, docs...)
		c.settle()
		if got := served(t, s, "Plan") + served(t, s, "Other"); !strings.Contains(got, "beta one ours\n") || !strings.Contains(got, "new\n") {
			t.Errorf("got\n%s", got)
		}
	})
}

// permit lets the service allow all of us this much.
func permit(t *testing.T, s *remotetest.Service, p outline.Permission, docs ...outline.FileID) {
	t.Helper()
	for _, d := range docs {
		if err := s.SetPermission(string(d), int(p)); err != nil {
			t.Fatal(err)
		}
	}
}

// A service that tells no versions, of documents that can be read and written all the
// same, is read each time instead: nothing waits without end.
func TestDocumentsWithoutVersionsAreRead(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				c.through(&retold{Service: s, path: "check_for_updates", tell: func(m map[string]any) { m["versions"] = map[string]any{} }})
				somebody(t, s, doc, "alpha one", sync.Step{
					Kind: outline.Update, Mask: outline.Content, Fields: outline.Fields{Content: "theirs"},
				})
				c.edit(doc, "beta one", "ours")
				c.add(doc, "gamma", "ours too")
				c.settle()
				want := strings.NewReplacer("alpha one", "theirs", "beta one", "ours", "  gamma two\n", "  gamma two\n  ours too\n").Replace(sampleText)
				for _, got := range []string{served(t, s, "Plan"), show(c.document(doc))} {
					if got != want {
						t.Errorf("got\n%swant\n%s", got, want)
					}
				}
			})
		})
	}
}
