package sync_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
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

// histories returns how many random histories to run: OUTLAST_HISTORIES, or
// few enough for every run of the tests.
func histories(t *testing.T) int {
	if v := os.Getenv("OUTLAST_HISTORIES"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if testing.Short() {
		return 15
	}
	return 60
}

// Three clients and a stranger edit the same document at random, over a
// connection that loses requests and answers. Clients are killed at rest and in
// the middle of a round, undo what they did, make and rename documents, and find
// the document read-only for a while. In the end all must agree with the
// service, and every text that nobody deleted is there once.
func TestRandomHistoriesConverge(t *testing.T) {
	for _, p := range profiles {
		for seed := range histories(t) {
			t.Run(fmt.Sprintf("%s/seed=%d", p, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { runHistory(t, p, uint64(seed)) })
			})
		}
	}
}

type world struct {
	t        *testing.T
	rnd      *rand.Rand
	service  *remotetest.Service
	clients  []*client
	doc      string
	made     int
	deleted  map[string]bool // texts that somebody deleted or wrote over
	strange  []string        // texts of the stranger
	killIn   int             // requests until kill is called
	kill     func()
	readOnly bool
}

// habits draws what nobody knows of the service.
func habits(rnd *rand.Rand) server.Switches {
	yes := func() bool { return rnd.IntN(2) == 0 }
	errors := []server.BatchError{server.KeepPrefix, server.KeepNone, server.KeepOthers}
	sw := server.Switches{
		RenameBumps: yes(), CrossMoveFails: yes(), NoIndexFirst: yes(),
		BatchError: errors[rnd.IntN(len(errors))],
	}
	if yes() {
		sw.RootType = "root"
	}
	if rnd.IntN(4) == 0 {
		sw.CutAt = 3 + rnd.IntN(5)
	}
	return sw
}

func runHistory(t *testing.T, p server.Profile, seed uint64) {
	cfg := server.Config{Path: filepath.Join(t.TempDir(), "server.db"), NoSync: true, Profile: p}
	if p == server.Compat {
		cfg.Switches = habits(rand.New(rand.NewPCG(seed, 3)))
	}
	s, first, _ := sampleOn(t, remotetest.OpenAt(t, cfg))
	w := &world{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), service: s, doc: "Plan", deleted: make(map[string]bool)}
	w.clients = []*client{first, newClient(t, s), newClient(t, s)}
	for i, c := range w.clients {
		c.strict = (seed>>i)%2 == 1 // from the next restart on
		c.restart()
		c.settle()
	}
	faults := rand.New(rand.NewPCG(seed, 2))
	kinds := append(remotetest.Applied(), remotetest.Lost()...)
	s.Faults(func(path string, _ int) remotetest.Fault {
		if w.killIn--; w.killIn == 0 && w.kill != nil {
			w.kill()
			return []remotetest.Fault{remotetest.LostStuck, remotetest.AppliedStuck}[faults.IntN(2)]
		}
		if faults.IntN(100) < 25 && path == "doc/edit" || faults.IntN(100) < 5 {
			return kinds[faults.IntN(len(kinds))]
		}
		return remotetest.None
	})
	for range 40 {
		w.step()
	}
	s.Faults(nil)
	w.setReadOnly(false)
	for range 3 {
		for _, c := range w.clients {
			c.retryParked()
			c.settle()
		}
	}
	w.check()
}

// step lets one client do one thing. All texts differ in one word, the number:
// a merge of two of them is a conflict that leaves both whole.
func (w *world) step() {
	i := w.rnd.IntN(len(w.clients))
	c := w.clients[i]
	doc := c.doc(w.doc)
	switch k := w.rnd.IntN(34); {
	case k < 5:
		w.made++
		parent := w.pick(c, doc, true)
		c.add(doc, parent, fmt.Sprintf("text number %04d", w.made))
		w.t.Logf("%d: add %d below %q", i, w.made, parent)
	case k < 8:
		w.edit(i, c, doc)
	case k < 10:
		w.move(i, c, doc)
	case k < 12:
		w.remove(i, c, doc)
	case k < 13:
		c.restart()
		w.t.Logf("%d: restart", i)
	case k < 20:
		r, err := c.once() // may meet a fault
		w.t.Logf("%d: sync %+v: %v", i, r, err)
	case k < 22:
		r, err := c.engine.Once(w.t.Context(), sync.Round{})
		w.t.Logf("%d: sync as the daemon %+v: %v", i, r, err)
	case k < 24:
		w.killed(i, c)
	case k < 26:
		w.mark(i, c, doc)
	case k < 27:
		w.undo(i, c)
	case k < 29:
		w.stranger()
	case k < 30:
		w.files(i, c)
	case k < 31:
		w.setReadOnly(!w.readOnly)
	default:
		time.Sleep(time.Duration(w.rnd.IntN(60)) * time.Second)
	}
}

// pick returns the content of a random node; "" is the root.
func (w *world) pick(c *client, doc outline.FileID, root bool) string {
	var all []string
	for _, n := range c.document(doc).Root().Walk() {
		if n.Parent() != nil && n.Content != sync.RecoveredTitle && !strings.HasPrefix(n.Content, sync.OtherVersion) {
			all = append(all, n.Content)
		}
	}
	if root {
		all = append(all, "")
	}
	if len(all) == 0 {
		return ""
	}
	return all[w.rnd.IntN(len(all))]
}

func (w *world) edit(i int, c *client, doc outline.FileID) {
	if text := w.pick(c, doc, false); text != "" {
		w.made++
		w.deleted[text] = true
		c.edit(doc, text, fmt.Sprintf("text number %04d", w.made))
		w.t.Logf("%d: edit %q to %d", i, text, w.made)
	}
}

func (w *world) move(i int, c *client, doc outline.FileID) {
	text, to := w.pick(c, doc, false), w.pick(c, doc, true)
	if text == "" {
		return
	}
	n, p := c.node(doc, text), c.node(doc, to)
	for a := p; a != nil; a = a.Parent() {
		if a.ID == n.ID {
			return
		}
	}
	c.move(doc, text, to)
	w.t.Logf("%d: move %q below %q", i, text, to)
}

func (w *world) remove(i int, c *client, doc outline.FileID) {
	text := w.pick(c, doc, false)
	if text == "" {
		return
	}
	for n := range c.node(doc, text).PostOrder() {
		w.deleted[strings.TrimPrefix(n.Content, sync.OtherVersion+" ")] = true
	}
	c.remove(doc, text)
	w.t.Logf("%d: remove %q", i, text)
}

func (w *world) check() {
	t := w.t
	want := served(t, w.service, w.doc)
	for i, c := range w.clients {
		if got := show(c.document(c.doc(w.doc))); got != want {
			t.Errorf("client %d differs: got\n%sservice has\n%s", i, got, want)
		}
		w.checkSum(c)
	}
	w.checkFiles()
	count := make(map[string]int)
	for line := range strings.SplitSeq(want, "\n") {
		text, _, _ := strings.Cut(strings.TrimSpace(line), " {")
		text = strings.TrimSuffix(strings.TrimPrefix(text, sync.OtherVersion+" "), " [x]")
		count[text]++
	}
	for text, n := range count {
		if n > 1 && strings.Contains(text, " number ") && !strings.HasPrefix(text, "was in: ") && !w.deleted[text] { // what was deleted, several may have made again
			t.Errorf("%q is there %d times in\n%s", text, n, want)
		}
	}
	for _, text := range w.strange {
		if !w.deleted[text] && count[text] == 0 && !w.trashed(text) {
			t.Errorf("%q is lost; service has\n%s", text, want)
		}
	}
	for i := 1; i <= w.made; i++ {
		text := fmt.Sprintf("text number %04d", i)
		if w.written(text) && !w.deleted[text] && count[text] == 0 && !w.trashed(text) {
			t.Errorf("%q is lost; service has\n%s", text, want)
		}
	}
	if t.Failed() {
		t.Log("repeat with -run", t.Name())
	}
}

// written tells whether some client ever recorded a text.
func (w *world) written(text string) (found bool) {
	for _, c := range w.clients {
		c.view(func(tx *store.Tx) error {
			for r, err := range tx.History() {
				if err != nil {
					return err
				}
				if r.Node != nil && r.Actor == "test" && r.Node.New.Content == text {
					found = true
				}
			}
			return nil
		})
	}
	return found
}

// trashed tells whether some client keeps a text in its trash.
func (w *world) trashed(text string) (found bool) {
	for _, c := range w.clients {
		c.view(func(tx *store.Tx) error {
			for tr, err := range tx.Trashed() {
				if err != nil {
					return err
				}
				for _, n := range tr.Nodes {
					found = found || strings.TrimPrefix(n.Content, sync.OtherVersion+" ") == text
				}
			}
			return nil
		})
	}
	return found
}

// checkSum holds the invariant: working tree == base + unconfirmed log.
func (w *world) checkSum(c *client) {
	doc := c.doc(w.doc)
	c.view(func(tx *store.Tx) error {
		sum, err := tx.Base(doc)
		if err != nil {
			return err
		}
		for r, err := range tx.Unconfirmed(doc) {
			if err != nil {
				return err
			}
			if err := sum.Apply(*r.Node); err != nil {
				return err
			}
		}
		work, err := tx.Document(doc)
		if err != nil {
			return err
		}
		sum.Root().Content = work.Root().Content
		if !sum.Equal(work) {
			w.t.Errorf("working tree is not base plus log")
		}
		return nil
	})
}
