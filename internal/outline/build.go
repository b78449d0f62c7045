package outline

// PlaceOf returns where n stands now.
func (d *Document) PlaceOf(n *Node) Place {
	return Place{Parent: idOf(n.parent), Left: idOf(n.prev), Right: idOf(n.next)}
}

// First returns the first place below parent.
func (d *Document) First(parent *Node) Place {
	return Place{Parent: parent.ID, Right: idOf(parent.first)}
}

// Last returns the last place below parent.
func (d *Document) Last(parent *Node) Place {
	return Place{Parent: parent.ID, Left: idOf(parent.last)}
}

// After returns the place directly after n.
func (d *Document) After(n *Node) Place {
	return Place{Parent: idOf(n.parent), Left: n.ID, Right: idOf(n.next)}
}

// Before returns the place directly before n.
func (d *Document) Before(n *Node) Place {
	return Place{Parent: idOf(n.parent), Left: idOf(n.prev), Right: n.ID}
}

// Complete fills in what a change takes away, as d has it now: the old fields
// of an Update or Delete, and where a moved or deleted node stands. A change
// that was completed just before it was applied has an exact inverse.
func (d *Document) Complete(c Change) Change {
	n := d.index.get(c.Node)
	if n == nil || c.Kind == Insert {
		return c
	}
	switch c.Kind {
	case Update:
		c.Old, c.New = n.Only(c.Mask), c.New.Only(c.Mask)
	case Move:
		c.From = d.PlaceOf(n)
	case Delete:
		c.From, c.Old = d.PlaceOf(n), n.Fields
	}
	return c
}

// Remove returns the changes that delete n with all below it, leaves first.
func (d *Document) Remove(n *Node) []Change {
	var out []Change
	for c := range n.PostOrder() {
		out = append(out, Change{Kind: Delete, Node: c.ID, From: d.PlaceOf(c), Old: c.Fields})
	}
	return out
}
