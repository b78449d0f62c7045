package server

import (
	"maps"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
)

// changed tells whether the batch did anything.
func (e *edit) changed() bool { return len(e.dirty) > 0 || len(e.cut) > 0 }

// create makes a node that is not placed yet.
func (e *edit) create(id string) *node {
	n := &node{
		num: e.d.next, id: id, created: e.w.now, modified: e.w.now,
		changed: e.version, born: e.w.born,
	}
	e.d.next++ // never taken back: numbers may be skipped, not used twice
	e.d.nodes[id] = n
	e.ids = append(e.ids, id)
	e.w.onUndo(func() { delete(e.d.nodes, id) })
	return n
}

// place makes n, which has no parent, a child of p.
func (e *edit) place(n, p *node, i int) {
	e.note(p)
	attach(n, p, i)
	e.w.onUndo(func() { detach(n) })
	e.dirty[n] = struct{}{}
	if i+1 < len(p.children) {
		e.dirty[p.children[i+1]] = struct{}{}
	}
	e.touch(p)
}

// take removes n from its parent.
func (e *edit) take(n *node) {
	p := n.parent
	e.note(p)
	i := detach(n)
	e.w.onUndo(func() { attach(n, p, i) })
	if i < len(p.children) {
		e.dirty[p.children[i]] = struct{}{}
	}
	e.touch(p)
}

// note remembers how many children p had before the batch.
func (e *edit) note(p *node) {
	if _, ok := e.before[p]; !ok {
		e.before[p] = len(p.children)
	}
}

// touch marks what a reader of changes must see again.
func (e *edit) touch(n *node) {
	e.dirty[n] = struct{}{}
	if old := n.changed; old != e.version {
		n.changed = e.version
		e.w.onUndo(func() { n.changed = old })
	}
}

// keep notes the fields of n, which are about to change.
func (e *edit) keep(n *node) {
	old := *n
	e.w.onUndo(func() {
		n.content, n.note, n.modified = old.content, old.note, old.modified
		n.checked, n.checkbox = old.checked, old.checkbox
		n.heading, n.color = old.heading, old.color
	})
}

// removeTree deletes n with all below it.
func (e *edit) removeTree(n *node) error {
	if n.parent != nil {
		e.take(n)
	}
	var all []*node
	walk(n, func(n *node) { all = append(all, n) })
	for _, n := range all {
		if err := e.drop(n); err != nil {
			return err
		}
	}
	return nil
}

// removeOne deletes n alone. Its children stay, and nothing leads to them: on
// the disk they go on naming a parent that is not there.
func (e *edit) removeOne(n *node) error {
	if n.parent != nil {
		e.take(n)
	}
	for _, c := range n.children {
		c.parent = nil
		e.w.onUndo(func() { c.parent = n })
	}
	return e.drop(n)
}

// deleted tells whether there was such a node once.
func (e *edit) deleted(id string) bool {
	return e.cut[id] != nil || e.gone.Get([]byte(id)) != nil
}

// drop forgets a node but for its tombstone, which finish writes.
func (e *edit) drop(n *node) error {
	delete(e.d.nodes, n.id)
	e.w.onUndo(func() { e.d.nodes[n.id] = n })
	e.cut[n.id] = n
	return e.nodes.Delete(number(n.num))
}

// finish writes what the batch did and gives the document its new version.
func (e *edit) finish() error {
	for n := range e.dirty {
		if e.d.nodes[n.id] != n {
			continue // dropped after it was touched
		}
		if err := putNode(e.nodes, n); err != nil {
			return err
		}
	}
	if err := e.bury(); err != nil {
		return err
	}
	return e.bump()
}

// bury writes the tombstones of the batch. They go in order: bbolt takes time
// in proportion to the square of many keys put in disorder.
func (e *edit) bury() error {
	if len(e.cut) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(e.cut))
	for _, id := range ids {
		t := tombstone{version: e.version, born: e.cut[id].born}
		if err := putSealed(e.gone, []byte(id), t.encode()); err != nil {
			return err
		}
	}
	cuts := e.doc.Bucket([]byte(bucketCuts))
	return putSealed(cuts, number(uint64(e.version)), []byte(strings.Join(ids, " ")))
}

// bump stores the new version.
func (e *edit) bump() error {
	old := e.f.version
	e.f.version = e.version
	e.w.onUndo(func() { e.f.version = old })
	e.d.forgetBody()
	return putHead(e.doc, head{version: e.version, next: e.d.next})
}

// cutSince returns the ids that were deleted after a version.
func cutSince(doc *bbolt.Bucket, version int64) ([]string, error) {
	ids := []string{}
	cur := doc.Bucket([]byte(bucketCuts)).Cursor()
	for k, sealed := cur.Seek(number(uint64(version) + 1)); k != nil; k, sealed = cur.Next() {
		v, err := unseal(k, sealed)
		if err != nil {
			return nil, err
		}
		ids = append(ids, strings.Fields(string(v))...)
	}
	return ids, nil
}
