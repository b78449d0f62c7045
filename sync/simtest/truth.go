package simtest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"outlast/internal/outline"
)

// truth is a document as the service has it.
type truth struct {
	doc     string
	body    []byte // the answer of doc/read that tells it
	version int64
	nodes   map[string]*truthNode
	order   []string // those that can be reached from the root, in preorder
	orphans []string // those that cannot
	unsound string   // what is wrong with the tree

	said map[string]bool // the words in reach, once somebody has asked
}

type truthNode struct {
	id, parent, content, note string
	marks                     marks
	children                  []string
}

// marks are what a node has beside its texts.
type marks struct {
	checked, checkbox bool
	heading, color    int
}

// readNode is a node as doc/read answers it.
type readNode struct {
	ID       string   `json:"id"`
	Content  string   `json:"content"`
	Note     string   `json:"note"`
	Checked  bool     `json:"checked"`
	Checkbox bool     `json:"checkbox"`
	Heading  int      `json:"heading"`
	Color    int      `json:"color"`
	Children []string `json:"children"`
}

// truthOf returns a document as it is now, nil if there is none.
func (w *world) truthOf(doc string) *truth {
	body, err := w.inj.Contents(doc)
	if err != nil {
		return nil
	}
	if t := w.truths[doc]; t != nil && bytes.Equal(t.body, body) {
		return t
	}
	t := parseTruth(doc, body)
	w.truths[doc] = t
	w.seen(t)
	return t
}

func parseTruth(doc string, body []byte) *truth {
	var r struct {
		Version int64      `json:"version"`
		Nodes   []readNode `json:"nodes"`
	}
	t := &truth{doc: doc, body: body, nodes: make(map[string]*truthNode)}
	if err := json.Unmarshal(body, &r); err != nil {
		t.unsound = err.Error()
		return t
	}
	t.version = r.Version
	for _, n := range r.Nodes {
		if t.nodes[n.ID] != nil {
			t.unsound = "node twice: " + n.ID
		}
		t.nodes[n.ID] = &truthNode{
			id: n.ID, content: n.Content, note: n.Note, children: n.Children,
			marks: marks{n.Checked, n.Checkbox, n.Heading, n.Color},
		}
	}
	t.walk()
	for _, n := range r.Nodes {
		if n.ID != "root" && t.nodes[n.ID].parent == "" {
			t.orphans = append(t.orphans, n.ID)
		}
	}
	return t
}

// walk finds the parents and the order of what can be reached.
func (t *truth) walk() {
	stack := []string{"root"}
	for len(stack) > 0 {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		t.order = append(t.order, id)
		for _, child := range slices.Backward(t.nodes[id].children) {
			c := t.nodes[child]
			switch {
			case c == nil:
				t.unsound = "child is missing: " + child
				continue
			case c.parent != "" || child == "root":
				t.unsound = "child at two places: " + child
				continue
			}
			c.parent = id
			stack = append(stack, child)
		}
	}
}

// within tells whether id is top or stands below it.
func (t *truth) within(id, top string) bool {
	for ; id != ""; id = t.nodes[id].parent {
		if id == top {
			return true
		}
	}
	return false
}

// postOrder returns the nodes from id downwards, children before their parent.
func (t *truth) postOrder(id string) (all []string) {
	for _, c := range t.nodes[id].children {
		all = append(all, t.postOrder(c)...)
	}
	return append(all, id)
}

// words are those in reach. They are not to be changed.
func (t *truth) words() map[string]bool {
	if t == nil {
		return nil
	}
	if t.said != nil {
		return t.said
	}
	all := make(map[string]bool)
	for _, id := range t.order {
		if id == "root" {
			continue // the title
		}
		for _, word := range wordsOf(t.nodes[id].content, t.nodes[id].note) {
			all[word] = true
		}
	}
	t.said = all
	return all
}

// live tells whether a node can be reached.
func (t *truth) live(id string) bool {
	return t != nil && t.nodes[id] != nil && (id == "root" || t.nodes[id].parent != "")
}

// digest names what a document shows, the title left out. What hidden tells of is
// replaced by what stands below it; name says how nodes are called.
func (t *truth) digest(hidden func(id string) bool, name func(id string) string) string {
	var b []byte
	var walk func(id string, depth int)
	walk = func(id string, depth int) {
		n := t.nodes[id]
		if id == "root" || !hidden(id) {
			content := n.content
			if id == "root" {
				content = ""
			}
			b = appendShown(b, name(id), depth, content, n.note, n.marks)
			depth++
		}
		for _, c := range n.children {
			walk(c, depth)
		}
	}
	if t.unsound == "" {
		walk("root", 0)
	}
	return string(b)
}

// appendShown adds what a node shows to a digest.
func appendShown(b []byte, name string, depth int, content, note string, m marks) []byte {
	for _, text := range []string{name, content, note} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	b = binary.AppendVarint(b, int64(depth))
	b = strconv.AppendBool(b, m.checked)
	b = strconv.AppendBool(b, m.checkbox)
	b = binary.AppendVarint(b, int64(m.heading))
	return binary.AppendVarint(b, int64(m.color))
}

// byID calls nodes by their ids, nameless not at all.
func byID(id string) string  { return id }
func nameless(string) string { return "" }

// whole hides nothing.
func whole(string) bool { return false }

// staged returns what a client hides from its user: its staging nodes, what it has
// put below them, and what is as it asked for there: copies, also when another client
// has made them of what it took for lost, or somebody who wrote the same. Those of the client whose database it was copied from
// are its own as well.
func (w *world) staged(t *truth, client int) func(id string) bool {
	kin := make(map[int]bool)
	for c := w.clients[client]; c != nil; c = c.copyOf {
		kin[c.n] = true
	}
	ours := func(id string) bool {
		if key, made := w.by[id]; made && kin[key.client] {
			return true
		}
		for c := range kin {
			if w.staging[t.nodes[id].by(c)] {
				return true
			}
		}
		return false
	}
	return func(id string) bool {
		for ; t.nodes[id] != nil && ours(id); id = t.nodes[id].parent {
			if strings.HasPrefix(t.nodes[id].content, stagingMark) {
				return true
			}
		}
		return false
	}
}

// by returns what a node says, as said by a client.
func (n *truthNode) by(client int) said { return said{client, n.content, n.note, n.marks} }

// stagingMark begins the text of a staging node.
const stagingMark = "\u27f3 outlast "

// digestOf is digest for a document of a client.
func digestOf(d *outline.Document, name func(outline.NodeID) outline.ServiceID) string {
	var b []byte
	for depth, n := range d.Root().Walk() {
		content := n.Content
		if n.Parent() == nil {
			content = ""
		}
		m := marks{n.Checked, n.Checkbox, int(n.Heading), int(n.Color)}
		b = appendShown(b, string(name(n.ID)), depth, content, n.Note, m)
	}
	return string(b)
}
