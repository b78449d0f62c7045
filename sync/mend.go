package sync

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// oddKey is the cursor that names the contradictions that are believed.
func oddKey(doc outline.FileID) string { return "odd/" + string(doc) }

// sane turns a read into a tree. One that contradicts itself is held; once the
// service has shown the same contradictions three times, the last holdAgain after
// the first, it means what it says, and the read is taken without them, now and
// later.
func (s *round) sane(tx *store.Tx, doc outline.FileID, r *Reading, b *store.Bindings, onTheWay map[outline.ServiceID]bool, now time.Time) (*tree, error) {
	t, err := buildTree(doc, r, b, s.newID)
	why, held := errors.AsType[*distrust](err)
	if err == nil {
		if err := hollow(tx, t, r, onTheWay, now); err != nil {
			return nil, err
		}
		return t, tx.PutCursor(oddKey(doc), nil)
	}
	if !held {
		return nil, err
	}
	m := mend(r)
	if why.print, err = printOf(m.odd); err != nil {
		return nil, err
	}
	known, err := tx.Cursor(oddKey(doc))
	if err != nil {
		return nil, err
	}
	believed := string(known) == why.print
	if !believed {
		if believed, err = stood(tx, doc, holdOdd, why.print, now); err != nil {
			return nil, err
		}
		if !believed {
			return nil, why
		}
		if err := s.trashTwice(tx, doc, m.twice, now); err != nil {
			return nil, err
		}
	}
	if t, err = buildTree(doc, m.reading, b, s.newID); err != nil {
		return nil, err
	}
	return t, tx.PutCursor(oddKey(doc), []byte(why.print))
}

// hollow holds, until it has stood, a read in which nodes hang in the air that it
// should lead to: all of them, where it leads to none, since no base may show what is
// missing, and at an unchanged version nobody would look again; else those whose
// parent is there. A service cuts off what is below a node that it deletes, not what
// is below one that stands. Who believes that inserts again what will be there in the
// next read.
func hollow(tx *store.Tx, t *tree, r *Reading, onTheWay map[outline.ServiceID]bool, now time.Time) error {
	if len(t.orphans) == 0 {
		return nil
	}
	_, known, err := tx.Meta(t.doc.ID)
	if err != nil {
		return err
	}
	loose := t.orphans
	switch {
	case t.doc.Len() == 1: // whatever is known: it may have been empty before
	case !known:
		return nil
	default:
		if loose, err = torn(tx, t, onTheWay); err != nil {
			return err
		}
	}
	if len(loose) == 0 {
		return nil
	}
	why := distrusted(holdOdd, "%s cannot be reached", itemsOf(len(loose)))
	if why.print, err = printOf(r.Nodes); err != nil {
		return err
	}
	if believed, err := stood(tx, t.doc.ID, holdOdd, why.print, now); err != nil || believed {
		return err
	}
	return why
}

// goingByStaging returns the staging nodes of a document and the new nodes below
// them, as far as the last read and what was answered since have shown them.
func goingByStaging(tx *store.Tx, doc outline.FileID) (map[outline.ServiceID]bool, error) {
	all, err := tx.Stagings(doc)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	staged, err := tx.Staged(doc)
	onTheWay := make(map[outline.ServiceID]bool, len(staged)+len(all))
	for _, n := range staged {
		onTheWay[n.Service] = true
	}
	for _, st := range all {
		for _, id := range st.Nodes {
			onTheWay[id] = true
		}
	}
	return onTheWay, err
}

// torn returns the nodes that hang in the air though the parent that they should
// have by now is in reach, and staging nodes and what was on its way from one: of a
// staging node that is taken for gone the new nodes are inserted again.
func torn(tx *store.Tx, t *tree, onTheWay map[outline.ServiceID]bool) (loose []ReadNode, err error) {
	expected, err := tx.Expected(t.doc.ID)
	if err != nil {
		return nil, err
	}
	b, err := tx.Bindings(t.doc.ID)
	if err != nil {
		return nil, err
	}
	held := make(map[outline.ServiceID]bool) // below another one
	for _, n := range t.orphans {
		for _, c := range n.Children {
			held[c] = true
		}
	}
	for _, n := range t.orphans {
		ours := b.Ours(n.ID)
		was := expected.Node(ours)
		stands := was != nil && b.Service(ours) == n.ID // else it was inserted again, under another id
		cut := stands && !held[n.ID] && was.Parent() != nil && t.doc.Node(was.Parent().ID) != nil
		if cut || onTheWay[n.ID] {
			loose = append(loose, n)
		}
	}
	return loose, nil
}

// trashTwice keeps what came twice with other values.
func (s *round) trashTwice(tx *store.Tx, doc outline.FileID, twice []ReadNode, now time.Time) error {
	if len(twice) == 0 {
		return nil
	}
	t := store.Trashed{ID: s.newID(), At: now, Doc: doc, Path: []string{}, Why: "shown twice by the service, with different values"}
	for _, n := range twice {
		t.Nodes = append(t.Nodes, outline.TreeEntry{ID: outline.NodeID(n.ID), Fields: n.Fields})
	}
	return tx.Trash(t)
}

// whole is a read without its contradictions.
type whole struct {
	reading *Reading
	odd     []string   // what they were; equal for equal ones
	twice   []ReadNode // later entries of a node, with other fields
}

// mend makes a read consistent: of a node that comes twice the first entry
// counts, of the places of a child the one that a walk comes to first, and a
// child that is not there is left out. A read without a root stays without.
func mend(r *Reading) whole {
	m := mender{at: make(map[outline.ServiceID]int, len(r.Nodes)), placed: make(map[outline.ServiceID]bool)}
	m.reading = &Reading{Doc: r.Doc, Title: r.Title, Version: r.Version}
	for _, n := range r.Nodes {
		first, known := m.at[n.ID]
		if !known {
			m.at[n.ID] = len(m.reading.Nodes)
			m.reading.Nodes = append(m.reading.Nodes, n)
			continue
		}
		m.odd = append(m.odd, "twice "+string(n.ID))
		if m.reading.Nodes[first].Fields != n.Fields {
			m.twice = append(m.twice, n)
		}
	}
	root := outline.ServiceID(outline.RootID)
	m.placed[root] = true
	m.walk(root)
	for _, n := range m.reading.Nodes {
		if !m.placed[n.ID] { // what hangs in the air keeps its order as well
			m.walk(n.ID)
		}
	}
	slices.Sort(m.odd)
	return m.whole
}

type mender struct {
	whole
	at     map[outline.ServiceID]int // index of a node in the reading
	placed map[outline.ServiceID]bool
}

// walk goes down from a node and leaves each node it comes to one place.
func (m *mender) walk(top outline.ServiceID) {
	for stack := []outline.ServiceID{top}; len(stack) > 0; {
		i, known := m.at[stack[len(stack)-1]]
		stack = stack[:len(stack)-1]
		if !known {
			m.odd = append(m.odd, "no root")
			continue
		}
		n := &m.reading.Nodes[i]
		var children []outline.ServiceID
		for _, c := range n.Children {
			_, there := m.at[c]
			switch {
			case !there:
				m.odd = append(m.odd, fmt.Sprintf("%s misses %s", n.ID, c))
			case m.placed[c]:
				m.odd = append(m.odd, fmt.Sprintf("%s has %s too", n.ID, c))
			default:
				m.placed[c] = true
				children = append(children, c)
			}
		}
		n.Children = children
		for _, c := range slices.Backward(children) {
			stack = append(stack, c)
		}
	}
}
