package sync

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/store"
)

// forests yields every ordered forest of n nodes, as a document.
func forests(n int) []*outline.Document {
	var out []*outline.Document
	var grow func(depths []int)
	grow = func(depths []int) {
		if len(depths) == n {
			out = append(out, forest(depths))
			return
		}
		deepest := 0
		if len(depths) > 0 {
			deepest = depths[len(depths)-1] + 1
		}
		for d := range deepest + 1 {
			grow(append(depths[:len(depths):len(depths)], d))
		}
	}
	grow(nil)
	return out
}

// forest makes the document whose nodes have these depths in preorder.
func forest(depths []int) *outline.Document {
	d := outline.New("doc", "title")
	at := []*outline.Node{d.Root()}
	for i, depth := range depths {
		id := outline.NodeID('a' + rune(i))
		n := d.Append(at[depth], id, outline.Fields{Content: "text of " + string(id) + "."})
		at = append(at[:depth+1], n)
	}
	return d
}

// deed is what one side does: one operation of a person.
type deed struct {
	name    string
	texts   []string // that it writes
	changes []outline.Change
}

// deeds returns every single operation on a document.
func deeds(d *outline.Document, side string) []deed {
	var out []deed
	heading := uint8(1 + len(side)%3)
	for _, n := range d.Root().Walk() {
		for i, to := range placesBelow(d, n) {
			text := side + " new."
			out = append(out, deed{fmt.Sprintf("insert below %s at %d", n.ID, i), []string{text}, []outline.Change{{
				Kind: outline.Insert, Node: outline.NodeID(side), To: to, New: outline.Fields{Content: text},
			}}})
		}
		if n == d.Root() {
			continue
		}
		for _, u := range []struct {
			name string
			mask outline.Mask
			f    outline.Fields
		}{
			{"edit", outline.Content, outline.Fields{Content: side + " edit."}},
			{"note", outline.Note, outline.Fields{Note: side + " note."}},
			{"mark", outline.Heading, outline.Fields{Heading: heading}},
			{"check", outline.Checked, outline.Fields{Checked: true}},
		} {
			var texts []string
			if text := u.f.Content + u.f.Note; text != "" {
				texts = []string{text}
			}
			out = append(out, deed{u.name + " " + string(n.ID), texts, []outline.Change{{Kind: outline.Update, Node: n.ID, Mask: u.mask, New: u.f}}})
		}
		out = append(out, deed{"delete " + string(n.ID), nil, d.Remove(n)})
		out = append(out, movesOf(d, n)...)
	}
	return out
}

func movesOf(d *outline.Document, n *outline.Node) (out []deed) {
	for _, p := range d.Root().Walk() {
		if p.IsWithin(n) {
			continue
		}
		for i, to := range placesBelow(d, p) {
			if to.Left == n.ID || to.Right == n.ID {
				continue // where it is
			}
			out = append(out, deed{fmt.Sprintf("move %s below %s at %d", n.ID, p.ID, i), nil, []outline.Change{{Kind: outline.Move, Node: n.ID, To: to}}})
		}
	}
	return out
}

// placesBelow returns every gap among the children of a node.
func placesBelow(d *outline.Document, parent *outline.Node) []outline.Place {
	out := []outline.Place{d.First(parent)}
	for c := range parent.Children() {
		out = append(out, d.After(c))
	}
	return out
}

// peer is one client, as far as merge and plan see it.
type peer struct {
	name    string
	base    *outline.Document
	log     []store.Record
	trash   []store.Trashed
	notices []store.Conflict
	cells   map[Cell]int
	made    int
}

func (p *peer) newID() string {
	p.made++
	return fmt.Sprintf("%s-%d", p.name, p.made)
}

func newPeer(name string, base *outline.Document, does deed, cells map[Cell]int) *peer {
	p := &peer{name: name, base: base.Clone(), cells: cells}
	d := base.Clone()
	for i, c := range does.changes {
		c = d.Complete(c)
		if err := d.Apply(c); err != nil {
			panic(err)
		}
		p.log = append(p.log, store.Record{
			Seq: uint64(i + 1), State: store.Pending,
			Op: store.Op{ID: store.OpID(p.newID()), Actor: "test", Doc: d.ID, Node: &c},
		})
	}
	return p
}

// read merges what the service shows.
func (p *peer) read(service *outline.Document) {
	in := mergeInput{base: p.base, before: p.base, remote: service, log: p.log, now: time.Unix(1e9, 0), newID: p.newID}
	if p.cells != nil {
		for _, c := range cellsOf(in) {
			p.cells[c]++
		}
	}
	m := merge(in)
	p.base, p.log = service.Clone(), m.log
	p.trash, p.notices = append(p.trash, m.trash...), append(p.notices, m.notices...)
}

// push sends everything, to a service that nobody has changed since the last
// read. Without an answer the log does not learn of it.
func (p *peer) push(service *outline.Document, answered bool) error {
	plan := newPlan(p.base.Clone(), p.log, func(store.Record) bool { return true })
	acked := make(map[store.OpID]bool)
	note := func(recs []store.Record) {
		for _, r := range recs {
			acked[r.ID] = true
		}
	}
	note(plan.fulfilled())
	for len(plan.todo) > 0 {
		b := plan.next(upTo(200), func(n outline.NodeID) outline.ServiceID { return outline.ServiceID(n) })
		if len(b.steps) == 0 {
			return fmt.Errorf("%d changes fit in no order", len(plan.todo))
		}
		if err := service.Apply(b.changes...); err != nil {
			return err
		}
		note(plan.done(b))
	}
	for i := range p.log {
		if r := &p.log[i]; answered && acked[r.ID] {
			r.State, r.Sends, r.After = store.Acknowledged, r.Sends+1, time.Time{}
		}
	}
	return nil
}

// play lets two clients do one thing each without knowing of the other's, send
// it one after the other, and read until nothing is left to do.
func play(base *outline.Document, first, second deed, answered bool, cells map[Cell]int) (service *outline.Document, peers []*peer, err error) {
	service = base.Clone()
	a, b := newPeer("first", base, first, cells), newPeer("second", base, second, cells)
	peers = []*peer{a, b}
	if err := a.push(service, answered); err != nil {
		return service, peers, err
	}
	for range 6 {
		for _, p := range []*peer{b, a} {
			p.read(service)
			if err := p.push(service, answered); err != nil {
				return service, peers, err
			}
		}
		a.read(service)
		b.read(service)
		if len(a.log)+len(b.log) == 0 {
			return service, peers, nil
		}
	}
	return service, peers, fmt.Errorf("%d and %d records are left after six rounds", len(a.log), len(b.log))
}

// Every pair of operations on every tree of up to five nodes (as both sides go
// through all, in either order), with and without answers: both clients and the service come to the
// same sound tree, no text that anybody wrote is lost, no node is there twice,
// and what nobody deleted is in the tree.
func TestEveryPairOfOperationsConverges(t *testing.T) {
	largest := 5
	if testing.Short() {
		largest = 3
	}
	cells := make(map[Cell]int)
	cases := 0
	for n := range largest + 1 {
		for _, base := range forests(n) {
			theirs := deeds(base, "theirs")
			for _, mine := range deeds(base, "mine") {
				for _, their := range theirs {
					for _, answered := range []bool{true, false} {
						if !answered && n > 3 {
							continue // the same but for fewer states of the log
						}
						cases++
						met := cells
						if n > 3 {
							met = nil
						}
						if checkPlay(t, base, mine, their, answered, met); t.Failed() {
							return
						}
					}
				}
			}
		}
	}
	for _, l := range Acts() {
		for _, r := range Acts() {
			if cells[Cell{l, r}] == 0 {
				t.Errorf("no case of %s here and %s there", l, r)
			}
		}
	}
	t.Logf("%d cases", cases)
}

func checkPlay(t *testing.T, base *outline.Document, first, second deed, answered bool, cells map[Cell]int) {
	t.Helper()
	service, peers, err := play(base, first, second, answered, cells)
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s\nfirst %s, then %s, answered %v, on\n%scame to\n%s", fmt.Sprintf(format, args...),
			first.name, second.name, answered, render(base), render(service))
	}
	if err != nil {
		fail("%v", err)
		return
	}
	for _, p := range peers {
		if !p.base.Equal(service) {
			fail("%s differs: it has\n%s", p.name, render(p.base))
		}
	}
	for _, text := range append(first.texts, second.texts...) {
		if !reachable(service, peers, text) {
			fail("%q is lost", text)
		}
	}
	deleted := make(map[outline.NodeID]bool)
	for _, c := range append(first.changes, second.changes...) {
		deleted[c.Node] = deleted[c.Node] || c.Kind == outline.Delete
	}
	for n := range base.Nodes() {
		if !deleted[n.ID] && service.Node(n.ID) == nil {
			fail("%s is lost", n.ID)
		}
	}
	checkConflictChildren(service, first, second, fail)
}

// reachable tells whether a text is in the tree or in the trash of a client.
func reachable(service *outline.Document, peers []*peer, text string) bool {
	for n := range service.Nodes() {
		if strings.Contains(n.Content+"\n"+n.Note, text) {
			return true
		}
	}
	for _, p := range peers {
		for _, tr := range p.trash {
			for _, e := range tr.Nodes {
				if strings.Contains(e.Content+"\n"+e.Note, text) {
					return true
				}
			}
		}
	}
	return false
}

// checkConflictChildren sees to it that there is one where both sides wrote the
// same text, and none anywhere else.
func checkConflictChildren(service *outline.Document, first, second deed, fail func(string, ...any)) {
	want := 0
	a, b := first.changes[0], second.changes[0]
	if a.Kind == outline.Update && b.Kind == outline.Update && a.Node == b.Node && a.Mask&b.Mask&(outline.Content|outline.Note) != 0 {
		want = 1
	}
	got := 0
	for n := range service.Nodes() {
		if strings.HasPrefix(n.Content, OtherVersion) {
			got++
		}
	}
	if got != want {
		fail("%d conflict children, want %d", got, want)
	}
}

// Whatever two clients do, many things each, with and without answers: both and
// the service come to the same tree, and no text is lost.
func TestManyOperationsConverge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := parse("a\n  b\n  c\n    d\ne\nf\n  g")
		mine, theirs := drawDeeds(t, base, "mine"), drawDeeds(t, base, "theirs")
		service, peers, err := play(base, mine, theirs, rapid.Bool().Draw(t, "answered"), nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, render(service))
		}
		for _, p := range peers {
			if !p.base.Equal(service) {
				t.Fatalf("%s differs: it has\n%sthe service\n%s", p.name, render(p.base), render(service))
			}
		}
		for _, text := range append(mine.texts, theirs.texts...) {
			if !reachable(service, peers, text) {
				t.Fatalf("%q is lost in\n%s", text, render(service))
			}
		}
		deleted := make(map[outline.NodeID]bool)
		for _, c := range append(mine.changes, theirs.changes...) {
			deleted[c.Node] = deleted[c.Node] || c.Kind == outline.Delete
		}
		for n := range base.Nodes() {
			if !deleted[n.ID] && service.Node(n.ID) == nil {
				t.Fatalf("%s is lost in\n%s", n.ID, render(service))
			}
		}
	})
}

// drawDeeds is what one side did, one step after another.
func drawDeeds(t *rapid.T, base *outline.Document, side string) deed {
	d := base.Clone()
	var does deed
	for i := range rapid.IntRange(1, 8).Draw(t, side+" steps") {
		one := rapid.SampledFrom(deeds(d, fmt.Sprint(side, i))).Draw(t, "step")
		if err := d.Apply(one.changes...); err != nil {
			t.Fatal(err)
		}
		does.changes = append(does.changes, one.changes...)
	}
	for n := range d.Nodes() { // what it wrote and did not write over or delete
		b := base.Node(n.ID)
		if n.Parent() != nil && (b == nil || b.Content != n.Content) {
			does.texts = append(does.texts, n.Content)
		}
		if n.Note != "" {
			does.texts = append(does.texts, n.Note)
		}
	}
	return does
}
