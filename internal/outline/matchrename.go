package outline

import "strconv"

// rename writes the ids of the pairs into new, and new ids where there is none.
func (m *matcher) rename(old, new *Document, carried Mask, newID func() NodeID) {
	var changed []int32
	for j, n := range m.new.nodes {
		i := m.new.to[j]
		if i >= 0 {
			was := m.old.nodes[i]
			n.Fields = was.With(carried, n.Fields)
			if n.ID == was.ID {
				n.ID = was.ID // the same memory: Diff need not compare
				continue
			}
		}
		changed = append(changed, int32(j))
	}
	if len(changed) > len(m.new.nodes)/2 { // faster than to empty the index one by one
		new.nodes = make(map[NodeID]*Node, len(m.new.nodes))
		changed = m.new.all()
	}
	for _, j := range changed { // before any is set: ids may have changed places
		delete(new.nodes, m.new.nodes[j].ID)
	}
	for _, j := range changed {
		n := m.new.nodes[j]
		if i := m.new.to[j]; i >= 0 {
			n.ID = m.old.nodes[i].ID
		} else {
			n.ID = unused(old, new, newID)
		}
		new.nodes[n.ID] = n
	}
}

// all returns all nodes, in preorder.
func (t *preorder) all() []int32 {
	list := make([]int32, len(t.nodes))
	for i := range list {
		list[i] = int32(i)
	}
	return list
}

// unused makes an id that neither document has. Those of pairs are ids of old.
func unused(old, new *Document, newID func() NodeID) NodeID {
	made := newID()
	id := made
	for i := 2; id == "" || old.nodes[id] != nil || new.nodes[id] != nil; i++ {
		id = made + NodeID("-"+strconv.Itoa(i)) // ends even if newID repeats itself
	}
	return id
}
