package outline

import (
	"slices"
	"strconv"
)

// renamed are nodes of new of which something is to be changed, in preorder.
type renamed struct {
	found   []Found
	changed []int32 // pairs whose ids differ
	alone   []int32 // nodes without a partner
}

// rename writes the ids of the pairs into new, and new ids where there is none. It
// returns the nodes that are not kept.
func (m *matcher) rename(old, new *Document, carried Mask, newID func() NodeID) []Found {
	var parts [2]renamed
	halves(len(m.new.nodes), func(half, from, to int) { parts[half] = m.carryOver(from, to, carried) })
	found := slices.Concat(parts[0].found, parts[1].found)
	changed := slices.Concat(parts[0].changed, parts[1].changed)
	alone := slices.Concat(parts[0].alone, parts[1].alone)
	if len(changed) > len(m.new.nodes)/2 {
		m.takeIndex(old, new)
	} else {
		m.exchange(new, changed, alone)
	}
	for _, j := range alone {
		n := m.new.nodes[j]
		n.ID = unused(old, new, newID)
		new.index.put(n)
	}
	return found
}

// carryOver gives some nodes of new the fields that no file carries.
func (m *matcher) carryOver(from, to int, carried Mask) (r renamed) {
	kept := 0
	for _, is := range m.kept[from:to] {
		if is {
			kept++
		}
	}
	r.found = make([]Found, 0, to-from-kept)
	r.changed = make([]int32, 0, to-from-kept)
	for j := int32(from); j < int32(to); j++ {
		if m.kept[j] {
			continue
		}
		n, i := m.new.nodes[j], m.new.to[j]
		if i < 0 {
			r.alone = append(r.alone, j)
			r.found = append(r.found, Found{Node: n})
			continue
		}
		was := m.old.nodes[i]
		r.found = append(r.found, Found{n, was})
		n.Fields = was.With(carried, n.Fields)
		if n.ID != was.ID {
			r.changed = append(r.changed, j)
		}
	}
	return r
}

// exchange gives those pairs the ids of old, and takes away those of the nodes alone.
func (m *matcher) exchange(new *Document, changed, alone []int32) {
	for _, list := range [][]int32{changed, alone} { // before any is set: ids may have changed places
		for _, j := range list {
			new.index.remove(m.new.nodes[j].ID)
		}
	}
	for _, j := range changed {
		n := m.new.nodes[j]
		n.ID = m.old.nodes[m.new.to[j]].ID
		new.index.put(n)
	}
}

// takeIndex makes the index of new, with all pairs in it, of that of old: where most
// ids have changed that takes a look at each slot instead of a search for each id.
func (m *matcher) takeIndex(old, new *Document) {
	new.index = old.index.clone(func(n *Node) *Node { return n })
	var gone [2][]NodeID
	halves(len(m.old.nodes), func(half, from, to int) {
		for i, was := range m.old.nodes[from:to] {
			j := m.old.to[from+i]
			if j < 0 {
				gone[half] = append(gone[half], was.ID)
				continue
			}
			n := m.new.nodes[j]
			n.ID, n.number = was.ID, was.number
			new.index.nodes[n.number] = n
		}
	})
	for _, id := range slices.Concat(gone[0], gone[1]) {
		new.index.remove(id)
	}
}

// unused makes an id that neither document has. Those of pairs are ids of old.
func unused(old, new *Document, newID func() NodeID) NodeID {
	made := newID()
	id := made
	for i := 2; id == "" || old.Node(id) != nil || new.Node(id) != nil; i++ {
		id = made + NodeID("-"+strconv.Itoa(i)) // ends even if newID repeats itself
	}
	return id
}
