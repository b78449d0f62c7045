package sync

import (
	"outlast/internal/outline"
	"outlast/store"
)

// Act is what one side did, as the rows and columns of the merge table name it.
type Act string

// The acts. Text is content and note, Mark heading, color and checkbox.
const (
	ActInsert  Act = "insert"
	ActText    Act = "text"
	ActMark    Act = "mark"
	ActCheck   Act = "check"
	ActMove    Act = "move"
	ActReorder Act = "reorder"
	ActDelete  Act = "delete"
)

// Acts returns all acts, in the order of the table.
func Acts() []Act {
	return []Act{ActInsert, ActText, ActMark, ActCheck, ActMove, ActReorder, ActDelete}
}

// Cell is one cell of the merge table: what we did, and what the service shows
// that somebody did to the same node, or so close to it that it matters.
type Cell struct{ Local, Remote Act }

// acts are the acts of one side, by node.
type acts map[outline.NodeID]map[Act]bool

func (a acts) add(n outline.NodeID, act Act) {
	if a[n] == nil {
		a[n] = make(map[Act]bool)
	}
	a[n][act] = true
}

func (a acts) addFields(n outline.NodeID, m outline.Mask) {
	if m&(outline.Content|outline.Note) != 0 {
		a.add(n, ActText)
	}
	if m&(outline.Heading|outline.Color|outline.Checkbox) != 0 {
		a.add(n, ActMark)
	}
	if m&outline.Checked != 0 {
		a.add(n, ActCheck)
	}
}

func (a acts) addChange(c outline.Change) {
	switch c.Kind {
	case outline.Insert:
		a.add(c.Node, ActInsert)
	case outline.Update:
		a.addFields(c.Node, c.Mask)
	case outline.Move:
		if c.From.Parent == c.To.Parent {
			a.add(c.Node, ActReorder)
		} else {
			a.add(c.Node, ActMove)
		}
	case outline.Delete:
		a.add(c.Node, ActDelete)
	}
}

// cellsOf returns the cells that a merge has met. It observes: the merge itself
// decides record by record.
func cellsOf(in mergeInput) []Cell {
	if in.base == nil || len(in.log) == 0 {
		return nil
	}
	local, remote := in.localActs(), in.remoteActs()
	met := make(map[Cell]bool)
	for n, did := range local {
		for _, near := range in.near(n, did) {
			for theirs := range remote[near.node] {
				for ours := range did {
					if near.counts(ours, theirs) {
						met[Cell{ours, theirs}] = true
					}
				}
			}
		}
	}
	var out []Cell
	for _, l := range Acts() {
		for _, r := range Acts() {
			if met[Cell{l, r}] {
				out = append(out, Cell{l, r})
			}
		}
	}
	return out
}

func (in mergeInput) localActs() acts {
	a := make(acts)
	for _, r := range in.log {
		if r.State != store.Confirmed {
			a.addChange(*r.Node)
		}
	}
	return a
}

func (in mergeInput) remoteActs() acts {
	a := make(acts)
	for _, c := range outline.Diff(in.base, in.remote) {
		a.addChange(c)
	}
	return a
}

// relation is a node whose acts at the service matter to another of ours.
type relation struct {
	node outline.NodeID
	as   string // "same", "around" (parents and neighbours), "below" (children)
}

// counts tells whether an act of ours and one at the related node meet in a
// cell: only an insert is met from around, and only by an insert from below.
func (r relation) counts(ours, theirs Act) bool {
	switch r.as {
	case "around":
		return ours == ActInsert || ours == ActReorder && theirs == ActInsert ||
			ours == ActMove && (theirs == ActDelete || theirs == ActMove) || ours == ActReorder && theirs == ActReorder
	case "below":
		return theirs == ActInsert && ours != ActInsert || ours == ActDelete && theirs == ActMove
	}
	return true
}

// near returns the nodes whose acts at the service matter to node n.
func (in mergeInput) near(n outline.NodeID, did map[Act]bool) []relation {
	out := []relation{{n, "same"}}
	around := func(p outline.Place) {
		for _, id := range []outline.NodeID{p.Parent, p.Left, p.Right} {
			if id != "" {
				out = append(out, relation{id, "around"})
			}
		}
		if parent := in.remote.Node(p.Parent); parent != nil {
			for c := range parent.Children() {
				out = append(out, relation{c.ID, "around"})
			}
		}
	}
	for _, r := range in.log {
		if r.Node.Node == n && (r.Node.Kind == outline.Insert || r.Node.Kind == outline.Move) {
			around(r.Node.To)
		}
	}
	if was := nodeOf(in.base, n); was != nil && (did[ActMove] || did[ActReorder]) {
		for a := range was.Ancestors() {
			out = append(out, relation{a.ID, "around"})
		}
	}
	if there := in.remote.Node(n); there != nil {
		for c := range there.Children() {
			out = append(out, relation{c.ID, "below"})
		}
	}
	return out
}
