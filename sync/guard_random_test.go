package sync_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// guarded plays a history of deletions on one document, from both sides, and
// knows by the words of the design what has to wait: more than 20 items and 10 %
// of the document, more than 5 % of all, more than 20 % in a week, or the last
// one.
type guarded struct {
	*client
	rng    *rand.Rand
	remote *dynalist.Client
	doc    outline.FileID
	made   int

	there, here map[outline.NodeID]bool // asked about and not answered
	let         map[bool][]letGo        // by direction (there is true)
	agreed      map[outline.NodeID]bool // answered with yes, of those here
	answered    map[outline.NodeID]bool // of those there, either way
	said        bool                    // there was an answer since the last read
	trace       []string
	holds, lets int
}

type letGo struct {
	at time.Time
	n  int
}

func (g *guarded) notef(format string, args ...any) {
	g.trace = append(g.trace, fmt.Sprintf(format, args...))
}

func (g *guarded) failf(format string, args ...any) {
	g.t.Helper()
	for _, line := range g.trace {
		g.t.Log(line)
	}
	g.t.Fatalf(format, args...)
}

// items reads the items of the document from the service, in the ids of the
// client.
func (g *guarded) items() map[outline.NodeID]outline.ServiceID {
	g.t.Helper()
	r, err := g.remote.Read(context.Background(), outline.ServiceID(g.doc), 0)
	if err != nil {
		g.t.Fatal(err)
	}
	out := make(map[outline.NodeID]outline.ServiceID)
	g.view(func(tx *store.Tx) error {
		b, err := tx.Bindings(g.doc)
		for _, n := range r.Nodes {
			if n.ID != outline.ServiceID(outline.RootID) {
				out[b.Ours(n.ID)] = n.ID
			}
		}
		return err
	})
	return out
}

// pick returns up to n items in an order that depends on the seed alone.
func (g *guarded) pick(d *outline.Document, n int, ok func(outline.NodeID) bool) (ids []outline.NodeID) {
	for node := range d.Root().Below() {
		if ok(node.ID) {
			ids = append(ids, node.ID)
		}
	}
	g.rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return ids[:min(n, len(ids))]
}

// size draws how many items an act is about: often few, at times all.
func (g *guarded) size() int {
	switch g.rng.IntN(6) {
	case 0:
		return 1 << 20
	case 1, 2:
		return 15 + g.rng.IntN(30)
	}
	return 1 + g.rng.IntN(9)
}

func (g *guarded) base() (d *outline.Document) {
	g.view(func(tx *store.Tx) (err error) {
		d, err = tx.Base(g.doc)
		return err
	})
	return d
}

// deletedHere returns what the log deletes in the end, and what it deletes at
// all: what it takes back comes back by itself.
func (g *guarded) deletedHere() (ids, ever map[outline.NodeID]bool) {
	ids, ever = make(map[outline.NodeID]bool), make(map[outline.NodeID]bool)
	g.view(func(tx *store.Tx) error {
		for r, err := range tx.Unconfirmed(g.doc) {
			if err != nil {
				return err
			}
			switch r.Node.Kind {
			case outline.Delete:
				ids[r.Node.Node], ever[r.Node.Node] = true, true
			case outline.Insert:
				delete(ids, r.Node.Node)
			}
		}
		return nil
	})
	return ids, ever
}

func (g *guarded) send(steps ...sync.Step) {
	g.t.Helper()
	for len(steps) > 0 {
		n := min(len(steps), 200)
		if _, err := g.remote.Edit(context.Background(), sync.NodeEdit{Doc: outline.ServiceID(g.doc), Changes: steps[:n]}); err != nil {
			g.t.Fatal(err)
		}
		steps = steps[n:]
	}
}

// act does something at random.
func (g *guarded) act() {
	switch g.rng.IntN(7) {
	case 0, 1: // somebody deletes
		have := g.items()
		var steps []sync.Step
		for _, id := range g.pick(g.base(), g.size(), func(id outline.NodeID) bool { return have[id] != "" }) {
			steps = append(steps, sync.Step{Kind: outline.Delete, Node: have[id]})
		}
		g.notef("somebody deletes %d", len(steps))
		g.send(steps...)
	case 2, 3: // a file deletes
		base := g.base()
		ids := g.pick(g.document(g.doc), g.size(), func(id outline.NodeID) bool { return base.Node(id) != nil })
		g.notef("a file deletes %d", len(ids))
		var ops []store.Op
		for _, id := range ids {
			o := op(g.doc, outline.Change{Kind: outline.Delete, Node: id})
			o.Actor = "file"
			ops = append(ops, o)
		}
		g.append(ops...)
	case 4: // somebody writes
		var steps []sync.Step
		for range 1 + g.rng.IntN(40) {
			g.made++
			f := outline.Fields{Content: fmt.Sprintf("a later item, number %d", g.made)}
			steps = append(steps, sync.Step{Kind: outline.Insert, Parent: outline.ServiceID(outline.RootID), Fields: f})
		}
		g.notef("somebody writes %d", len(steps))
		g.send(steps...)
	case 5:
		d := time.Duration(g.rng.IntN(10*24)) * time.Hour
		g.notef("%s pass", d)
		time.Sleep(d)
	case 6:
		g.notef("restart")
		g.restart()
	}
}

// over judges a deletion by the words of the design.
func (g *guarded) over(there bool, gone, before, left, all int) bool {
	week := 0
	for _, l := range g.let[there] {
		if time.Since(l.at) < 7*24*time.Hour {
			week += l.n
		}
	}
	more := func(n, of, percent int) bool { return n > 20 && float64(n) > float64(of)*float64(percent)/100 }
	return gone > 0 && (left == 0 || more(gone, before, 10) || more(gone, all, 5) ||
		more(gone+week, before+week, 20) || more(gone+week, all+week, 20))
}

// round does a round and checks what it let go and what it held.
func (g *guarded) round() {
	g.t.Helper()
	base, have := g.base(), g.items()
	ours, ever := g.deletedHere()
	missing := make(map[outline.NodeID]bool)
	for n := range base.Root().Below() {
		if have[n.ID] == "" && !ever[n.ID] {
			missing[n.ID] = true
		}
	}
	held := g.over(true, len(missing), base.Len()-1, len(have), base.Len()-1+g.others())
	if g.said {
		held = false
		for id := range missing {
			held = held || !g.answered[id]
		}
	}
	for id := range missing {
		held = held || g.there[id]
	}
	if _, err := g.once(); err != nil {
		g.failf("round: %v", err)
	}
	g.checkThere(missing, held)
	if !held {
		g.checkHere(have, ours)
	}
	time.Sleep(time.Minute)
}

// others counts the items of the other documents.
func (g *guarded) others() (n int) {
	g.view(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil {
			return err
		}
		for f := range files.Documents() {
			if m, ok, err := tx.Meta(f.ID); err != nil {
				return err
			} else if ok && f.ID != g.doc {
				n += m.Nodes - 1
			}
		}
		return nil
	})
	return n
}

func (g *guarded) asked(kind store.ConflictKind) (ids map[outline.NodeID]bool) {
	ids = make(map[outline.NodeID]bool)
	for _, k := range g.conflicts(false) {
		if k.Kind != kind {
			continue
		}
		nodes, _, err := sync.HeldItems(k)
		if err != nil {
			g.t.Fatal(err)
		}
		for _, id := range nodes {
			ids[id] = true
		}
	}
	return ids
}

func (g *guarded) checkThere(missing map[outline.NodeID]bool, held bool) {
	g.t.Helper()
	asked, work := g.asked(store.ConflictDeletionThere), g.document(g.doc)
	if held != (len(asked) > 0) {
		g.failf("%d items vanished at the service: held %v, want %v", len(missing), len(asked) > 0, held)
	}
	if held {
		g.holds++
		for id := range missing {
			if work.Node(id) == nil {
				g.failf("an item vanished here though nobody agreed")
			}
			if !asked[id] && !g.answered[id] {
				g.failf("nobody is asked about an item that is missing")
			}
		}
		g.there = asked
		return
	}
	if len(missing) > 0 {
		g.lets++
	}
	if !g.said && len(missing) > 0 {
		g.let[true] = append(g.let[true], letGo{time.Now(), len(missing)})
	}
	if g.said {
		g.let[true] = nil
	}
	g.said, g.answered, g.there = false, make(map[outline.NodeID]bool), nil
}

// checkHere is about deletions by files, which were in the log when the round
// began, of items that the service had.
func (g *guarded) checkHere(had map[outline.NodeID]outline.ServiceID, ours map[outline.NodeID]bool) {
	g.t.Helper()
	gone := make(map[outline.NodeID]bool)
	agreed := 0
	for id := range ours {
		switch {
		case had[id] == "":
		case g.agreed[id]:
			agreed++
		default:
			gone[id] = true
		}
	}
	now := g.items()
	asked := g.asked(store.ConflictDeletionHere)
	before := len(had) + g.brought(had, now)
	held := g.over(false, len(gone), before, g.document(g.doc).Len()-1, before+g.others())
	if agreed > 0 && len(gone) > 0 {
		held = true // more than was agreed to
	}
	for id := range gone {
		held = held || g.here[id]
	}
	if held != (len(asked) > 0) {
		g.failf("%d of %d items to be deleted there: held %v, want %v", len(gone), before, len(asked) > 0, held)
	}
	for id := range gone {
		if (now[id] != "") != held {
			g.failf("held %v: an item to be deleted is there: %v", held, now[id] != "")
		}
	}
	for id := range g.agreed {
		if ours[id] && now[id] != "" {
			g.failf("what was agreed to is not done")
		}
	}
	switch {
	case held:
		g.holds++
		g.here = asked
		return
	case len(gone) > 0:
		g.lets++
		g.let[false] = append(g.let[false], letGo{time.Now(), len(gone)})
	case agreed > 0:
		g.let[false] = nil
	}
	g.agreed, g.here = make(map[outline.NodeID]bool), nil
}

// brought counts what this round has put back there.
func (g *guarded) brought(had, now map[outline.NodeID]outline.ServiceID) (n int) {
	for id := range now {
		if had[id] == "" {
			n++
		}
	}
	return n
}

// answer decides what waits, at random.
func (g *guarded) answer() {
	for _, k := range g.conflicts(false) {
		if g.rng.IntN(2) == 0 {
			continue
		}
		mine := g.rng.IntN(2) == 0
		g.notef("%s: mine %v", k.Kind, mine)
		nodes, _, err := sync.HeldItems(k)
		if err == nil {
			err = g.db.Update(func(tx *store.Tx) error { return sync.Decide(tx, k, mine, newID) })
		}
		if err != nil {
			g.t.Fatal(err)
		}
		for _, id := range nodes {
			if k.Kind == store.ConflictDeletionThere {
				g.answered[id], g.said = true, true
				delete(g.there, id)
			} else {
				delete(g.here, id)
				if mine {
					g.agreed[id] = true
				}
			}
		}
	}
}

// Above the limits no item vanishes on either side without consent; below them
// nothing is held. Each seed is a history of its own.
func TestGuardHoldsWhatIsTooMuchAndNothingElse(t *testing.T) {
	t.Parallel()
	seeds, holds, lets := uint64(50), 0, 0
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			s := remotetest.Open(t, server.Compat)
			rng := rand.New(rand.NewPCG(seed, 7))
			maker := newClient(t, s)
			maker.settle()
			doc := maker.addDoc("Crowd")
			var ops []store.Op
			for i := range 30 + rng.IntN(300) {
				to := outline.Place{Parent: outline.RootID}
				f := outline.Fields{Content: fmt.Sprintf("an item, number %d", i)}
				ops = append(ops, op(doc, outline.Change{Kind: outline.Insert, Node: outline.NodeID(newID()), To: to, New: f}))
			}
			maker.append(ops...)
			maker.settle()
			g := &guarded{
				client: newClient(t, s), rng: rng, remote: s.Client(t), let: make(map[bool][]letGo),
				agreed: make(map[outline.NodeID]bool), answered: make(map[outline.NodeID]bool),
			}
			g.settle()
			g.doc = g.client.doc("Crowd")
			g.notef("seed %d, %d items", seed, g.document(g.doc).Len()-1)
			for range 25 {
				g.act()
				g.round()
				g.answer()
				g.round()
			}
			holds, lets = holds+g.holds, lets+g.lets
		})
	}
	t.Logf("%d holds, %d deletions let go", holds, lets)
	if holds == 0 || lets == 0 {
		t.Error("the histories met too little")
	}
}
