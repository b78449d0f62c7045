package sync_test

import (
	"fmt"
	"math/rand/v2"
	"os"
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

// Several clients edit the same document at random, over a connection that
// loses requests and answers, and are killed now and then. In the end all must
// agree with the service, and every text that nobody deleted is there once.
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
	t       *testing.T
	rnd     *rand.Rand
	service *remotetest.Service
	clients []*client
	doc     string
	made    int
	deleted map[string]bool // texts that somebody deleted or wrote over
}

func runHistory(t *testing.T, p server.Profile, seed uint64) {
	s, first, _ := sample(t, p)
	w := &world{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), service: s, doc: "Plan", deleted: make(map[string]bool)}
	second := newClient(t, s)
	second.settle()
	w.clients = []*client{first, second}
	faults := rand.New(rand.NewPCG(seed, 2))
	kinds := append(remotetest.Applied(), remotetest.Lost()...)
	s.Faults(func(path string, _ int) remotetest.Fault {
		if faults.IntN(100) < 25 && path == "doc/edit" || faults.IntN(100) < 5 {
			return kinds[faults.IntN(len(kinds))]
		}
		return remotetest.None
	})
	for range 30 {
		w.step()
	}
	s.Faults(nil)
	for range 3 {
		for _, c := range w.clients {
			c.settle()
		}
	}
	w.check()
}

// step lets one client do one thing.
func (w *world) step() {
	i := w.rnd.IntN(len(w.clients))
	c := w.clients[i]
	doc := c.doc(w.doc)
	switch k := w.rnd.IntN(20); {
	case k < 5:
		w.made++
		parent := w.pick(c, doc, true)
		c.add(doc, parent, fmt.Sprintf("made number %04d", w.made))
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
	case k < 18:
		r, err := c.once() // may meet a fault
		w.t.Logf("%d: sync %+v: %v", i, r, err)
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
		c.edit(doc, text, fmt.Sprintf("edit number %04d", w.made))
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
	count := make(map[string]int)
	for line := range strings.SplitSeq(want, "\n") {
		text, _, _ := strings.Cut(strings.TrimSpace(line), " {")
		text = strings.TrimPrefix(text, sync.OtherVersion+" ")
		count[text]++
	}
	for text, n := range count {
		if n > 1 && text != "" && text != sync.RecoveredTitle { // each client may have made one
			t.Errorf("%q is there %d times in\n%s", text, n, want)
		}
	}
	for i := 1; i <= w.made; i++ {
		for _, text := range []string{fmt.Sprintf("made number %04d", i), fmt.Sprintf("edit number %04d", i)} {
			if w.written(text) && !w.deleted[text] && count[text] == 0 && !w.trashed(text) {
				t.Errorf("%q is lost; service has\n%s", text, want)
			}
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
					found = found || n.Content == text
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
