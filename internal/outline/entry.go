package outline

import "iter"

// TreeEntry is one node of a tree written as a list in preorder.
type TreeEntry struct {
	Depth int    `json:"depth"`
	ID    NodeID `json:"id"`
	Fields
}

// Entries yields n and all below it, with n at depth 0.
func (n *Node) Entries() iter.Seq[TreeEntry] {
	return func(yield func(TreeEntry) bool) {
		for depth, c := range n.Walk() {
			if !yield(TreeEntry{Depth: depth, ID: c.ID, Fields: c.Fields}) {
				return
			}
		}
	}
}
