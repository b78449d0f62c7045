package outlinetest

import (
	"fmt"
	"math/rand/v2"

	"outlast/internal/outline"
)

// Edit changes doc as a person with an editor does, edits times: texts, marks,
// notes, single lines and whole branches that come, go, are copied, cut and
// pasted elsewhere, and changed after the paste. The ids stay true, so that
// Diff(before, doc) is what has really been done. It panics on a bug of its own.
func Edit(seed uint64, doc *outline.Document, edits int) {
	e := editor{generator: generator{rand.New(rand.NewPCG(seed, 0x65646974))}, doc: doc}
	for _, n := range doc.Root().Walk() {
		e.nodes = append(e.nodes, n)
	}
	for range edits {
		e.edit()
	}
}

type editor struct {
	generator
	doc   *outline.Document
	nodes []*outline.Node // some of them deleted
	made  int
}

const (
	mostDeleted = 20  // nodes of a branch that is deleted or copied
	mostMoved   = 200 // nodes of a branch that is moved
)

// edit makes one edit. Of a hundred edits, some 38 change a node, 36 add or
// delete, 26 move.
func (e *editor) edit() {
	switch p := e.IntN(100); {
	case p < 30:
		e.rewrite(e.branch(1 << 30))
	case p < 38:
		e.mark(e.branch(1 << 30))
	case p < 51:
		e.insert(e.parent(), 1)
	case p < 55:
		e.insert(e.parent(), 2+e.IntN(7))
	case p < 58:
		e.paste(e.parent(), e.branch(mostDeleted))
	case p < 70:
		e.apply(e.doc.Remove(e.branch(1))...)
	case p < 74:
		e.apply(e.doc.Remove(e.branch(mostDeleted))...)
	case p < 82:
		e.move(e.branch(1))
	case p < 89:
		e.move(e.branch(mostMoved))
	case p < 94:
		e.moveAndEdit(e.branch(mostMoved))
	default:
		e.reorder(e.branch(1 << 30))
	}
}

func (e *editor) apply(changes ...outline.Change) {
	if err := e.doc.Apply(changes...); err != nil {
		panic(err)
	}
}

// parent returns any node, the root included.
func (e *editor) parent() *outline.Node {
	for {
		if n := e.nodes[e.IntN(len(e.nodes))]; e.doc.Node(n.ID) == n {
			return n
		}
	}
}

// branch returns any node but the root with no more than that many nodes.
func (e *editor) branch(most int) *outline.Node {
	for {
		if n := e.parent(); n != e.doc.Root() && (most > e.doc.Len() || smaller(n, most)) {
			return n
		}
	}
}

func smaller(n *outline.Node, most int) bool {
	for range n.Walk() {
		if most--; most < 0 {
			return false
		}
	}
	return true
}

// place returns a random place below parent.
func (e *editor) place(parent *outline.Node) outline.Place {
	i := e.IntN(parent.ChildCount() + 1)
	for c := range parent.Children() {
		if i == 0 {
			return e.doc.Before(c)
		}
		i--
	}
	return e.doc.Last(parent)
}

// rewrite changes the text: mostly a word or two, now and then all of it.
func (e *editor) rewrite(n *outline.Node) {
	f := n.Fields
	switch p := e.IntN(10); {
	case p < 4:
		f.Content += " " + e.word()
	case p < 8:
		f.Content = e.changeWord(f.Content)
	case p < 9:
		f.Note += e.text(10)
	default:
		f.Content = e.text(20)
	}
	e.set(n, f)
}

func (e *editor) set(n *outline.Node, f outline.Fields) {
	if m := n.Differ(f); m != 0 {
		e.apply(outline.Change{Kind: outline.Update, Node: n.ID, Mask: m, New: f.Only(m)})
	}
}

// changeWord puts a word for some bytes in the middle, whole runes.
func (e *editor) changeWord(s string) string {
	r := []rune(s)
	from := e.IntN(len(r) + 1)
	to := min(from+e.IntN(6), len(r))
	return string(r[:from]) + e.word() + string(r[to:])
}

func (e *editor) mark(n *outline.Node) {
	f := n.Fields
	switch e.IntN(3) {
	case 0:
		f.Checked, f.Checkbox = !f.Checked, true
	case 1:
		f.Heading = (f.Heading + 1) % (outline.MaxHeading + 1)
	default:
		f.Color = (f.Color + 1) % (outline.MaxColor + 1)
	}
	e.set(n, f)
}

func (e *editor) add(to outline.Place, f outline.Fields) *outline.Node {
	e.made++
	id := outline.NodeID(fmt.Sprintf("made-%d", e.made))
	e.apply(outline.Change{Kind: outline.Insert, Node: id, To: to, New: f})
	n := e.doc.Node(id)
	e.nodes = append(e.nodes, n)
	return n
}

// insert adds a branch of that many nodes.
func (e *editor) insert(parent *outline.Node, nodes int) {
	top := e.add(e.place(parent), e.fields())
	branch := []*outline.Node{top}
	for len(branch) < nodes {
		up := branch[e.IntN(len(branch))]
		branch = append(branch, e.add(e.doc.Last(up), e.fields()))
	}
}

// paste adds a copy of a branch.
func (e *editor) paste(parent, branch *outline.Node) {
	var entries []outline.TreeEntry
	for t := range branch.Entries() {
		entries = append(entries, t)
	}
	to, path := e.place(parent), []*outline.Node(nil)
	for _, t := range entries {
		if t.Depth > 0 {
			to = e.doc.Last(path[t.Depth-1])
		}
		path = append(path[:t.Depth], e.add(to, t.Fields))
	}
}

// move carries a branch to any place outside it.
func (e *editor) move(n *outline.Node) {
	to := e.parent()
	for to.IsWithin(n) {
		to = e.parent()
	}
	e.apply(outline.Change{Kind: outline.Move, Node: n.ID, To: e.place(to)})
}

func (e *editor) moveAndEdit(n *outline.Node) {
	e.move(n)
	var below []*outline.Node
	for _, c := range n.Walk() {
		below = append(below, c)
	}
	for range 1 + e.IntN(3) {
		c := below[e.IntN(len(below))]
		if e.chance(0.5) {
			e.rewrite(c)
		} else {
			e.insert(c, 1)
		}
	}
}

// reorder carries a node past some of its siblings.
func (e *editor) reorder(n *outline.Node) {
	e.apply(outline.Change{Kind: outline.Move, Node: n.ID, To: e.place(n.Parent())})
}
