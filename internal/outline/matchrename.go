package outline

// rename writes the ids of the pairs into new, and new ids where there is none.
func (m *matcher) rename(old, new *Document, carried Mask, newID func() NodeID) {
	var changed []*Node // paired ones first get the fields, then all of them the id
	var ids []NodeID
	for j, n := range m.new.nodes {
		var id NodeID
		if i := m.new.to[j]; i >= 0 {
			was := m.old.nodes[i]
			n.Fields = was.With(carried, n.Fields)
			id = was.ID
		}
		if id != n.ID {
			changed, ids = append(changed, n), append(ids, id)
		}
	}
	new.forget(changed)
	for k, n := range changed {
		n.ID = ids[k]
		if n.ID == "" {
			n.ID = unused(old, new, newID)
		}
		new.nodes[n.ID] = n
	}
}

// forget drops nodes from the index of ids.
func (d *Document) forget(nodes []*Node) {
	if len(nodes) < d.Len()/2 {
		for _, n := range nodes {
			delete(d.nodes, n.ID)
		}
		return
	}
	all := d.nodes // faster than to empty it one by one
	for _, n := range nodes {
		n.ID = ""
	}
	d.nodes = make(map[NodeID]*Node, len(all))
	for id, n := range all {
		if n.ID == id {
			d.nodes[id] = n
		}
	}
}

// unused makes an id that neither document has.
func unused(old, new *Document, newID func() NodeID) NodeID {
	for {
		id := newID()
		if id != "" && old.nodes[id] == nil && new.nodes[id] == nil {
			return id
		}
	}
}
