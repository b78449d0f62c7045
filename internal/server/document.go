package server

import (
	"slices"
	"sync"
	"sync/atomic"
)

// rootID is the id of the root node of every document, rootNum its number.
const (
	rootID  = "root"
	rootNum = 1
)

// document is one tree of nodes in memory. In profile compat it may hold
// orphans (nodes whose parent was deleted) and cycles that hang in the air.
// Its version is in the file's entry.
type document struct {
	id    string
	root  *node
	nodes map[string]*node // all of them, the root too
	next  uint64           // number of the next new node
	used  atomic.Int64     // when last asked for, Unix nanoseconds

	encoding sync.Mutex // protects body; taken while Server.mu is held
	body     []byte     // the answer to doc/read, or nil
}

type node struct {
	num      uint64
	id       string
	parent   *node // nil for the root and for orphans
	prev     *node // sibling before
	children []*node

	content, note     string // the root's content is the file's title
	checked, checkbox bool
	heading, color    uint8
	created, modified int64 // Unix milliseconds
	changed           int64 // version in which fields or children last changed
	born              origin
}

// number returns the number of n, 0 for nil.
func (n *node) number() uint64 {
	if n == nil {
		return 0
	}
	return n.num
}

// within tells whether n is a or below it. The way up is no longer than there
// are nodes, unless it leads into a cycle of profile compat.
func (d *document) within(n, a *node) bool {
	for range len(d.nodes) {
		if n == nil || n == a {
			break
		}
		n = n.parent
	}
	return n == a
}

// attach makes n a child of p at index i.
func attach(n, p *node, i int) {
	n.parent, n.prev = p, nil
	if i > 0 {
		n.prev = p.children[i-1]
	}
	if i < len(p.children) {
		p.children[i].prev = n
	}
	p.children = slices.Insert(p.children, i, n)
}

// detach takes n, with all below it, from its parent and returns its index.
func detach(n *node) int {
	p := n.parent
	i := slices.Index(p.children, n)
	if i+1 < len(p.children) {
		p.children[i+1].prev = n.prev
	}
	p.children = slices.Delete(p.children, i, i+1)
	n.parent, n.prev = nil, nil
	return i
}

// walk calls f for n and all below it, parents first. It must not be called
// for a node of a cycle.
func walk(n *node, f func(*node)) {
	stack := []*node{n}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		f(n)
		for _, c := range slices.Backward(n.children) {
			stack = append(stack, c)
		}
	}
}

// inOrder returns all nodes: those that hang on the root in the order of the
// outline, then the lost ones of profile compat by age.
func (d *document) inOrder() []*node {
	all := make([]*node, 0, len(d.nodes))
	walk(d.root, func(n *node) { all = append(all, n) })
	if len(all) == len(d.nodes) {
		return all
	}
	reached := make(map[*node]bool, len(all))
	for _, n := range all {
		reached[n] = true
	}
	hanging := len(all)
	for _, n := range d.nodes {
		if !reached[n] {
			all = append(all, n)
		}
	}
	slices.SortFunc(all[hanging:], func(a, b *node) int { return int(a.num) - int(b.num) })
	return all
}

// forgetBody drops the prepared answer, which no longer holds.
func (d *document) forgetBody() {
	d.encoding.Lock()
	defer d.encoding.Unlock()
	d.body = nil
}
