package outline

import "strconv"

// rename writes the ids of the pairs into new, and new ids where there is none. It
// returns the nodes that are not kept.
func (m *matcher) rename(old, new *Document, carried Mask, newID func() NodeID) (found []Found) {
	var changed, alone []int32 // pairs whose ids differ, and nodes without a partner
	for j, n := range m.new.nodes {
		if m.kept[j] {
			continue
		}
		i := m.new.to[j]
		if i < 0 {
			alone = append(alone, int32(j))
			found = append(found, Found{Node: n})
			continue
		}
		was := m.old.nodes[i]
		found = append(found, Found{n, was})
		n.Fields = was.With(carried, n.Fields)
		if n.ID != was.ID {
			changed = append(changed, int32(j))
		}
	}
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
	var gone []NodeID
	for i, was := range m.old.nodes {
		j := m.old.to[i]
		if j < 0 {
			gone = append(gone, was.ID)
			continue
		}
		n := m.new.nodes[j]
		n.ID, n.number = was.ID, was.number
		new.index.nodes[n.number] = n
	}
	for _, id := range gone {
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
