package outline

import "slices"

// A tree that was read from a file is mostly the tree that the file was written from.
// Its index begins as a copy of that one's, so that a node which is there again under
// its id gets its number without a search. Until it comes, its slot holds the node of
// the other tree, which is lent: there for who looks for a slot, and for nobody else.

// moreNodes leaves room for nodes that the other tree has not, one for so many: else the
// first of them, or a guess that is a little high, would have all copied again.
const moreNodes = 16

// lend returns an index without nodes that has the slots and numbers of x, which must
// not be changed until settle.
func (x *index) lend() index {
	c := *x
	c.nodes = append(make([]*Node, 0, len(x.nodes)+len(x.nodes)/moreNodes), x.nodes...)
	c.free, c.slots = slices.Clone(x.free), slices.Clone(x.slots)
	c.lent, c.left = x.nodes, x.len()
	return c
}

// isLent tells whether what has a number is a node of the other tree.
func (x *index) isLent(number int32) bool {
	return int(number) < len(x.lent) && x.nodes[number] == x.lent[number]
}

// replace puts n, with the same id, in the place of a node that is lent; false if the
// node of that number is not.
func (x *index) replace(number int32, n *Node) bool {
	if !x.isLent(number) {
		return false
	}
	n.number, x.nodes[number] = number, n
	x.left--
	return true
}

// adopt is put of a node with the id of was, perhaps a node that was lent.
func (x *index) adopt(n, was *Node) bool {
	if k := was.number; int(k) < len(x.lent) && x.lent[k] == was {
		return x.replace(k, n)
	}
	return x.put(n)
}

// settle takes out what is still lent.
func (x *index) settle() {
	for k, n := range x.lent {
		if n != nil && x.left > 0 && x.nodes[k] == n {
			x.left--
			x.remove(n.ID)
		}
	}
	x.lent = nil
}
