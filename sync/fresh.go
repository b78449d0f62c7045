package sync

import (
	"bytes"
	"hash/fnv"
	"slices"

	"outlast/internal/outline"
	"outlast/store"
)

// fresh are the nodes that a read shows for the first time and that are not known
// to be ours, in the order of the document.
type fresh struct {
	sent    map[copyKey][]*outline.Node
	text    map[uint64][]*outline.Node            // by digest of the text of an insert that they hold
	made    map[moment][]*outline.Node            // by parent, and when they were made
	changed map[outline.ServiceID][]*outline.Node // by parent: those changed since they were made
	blank   []*outline.Node                       // those without a text to know them by
	taken   map[*outline.Node]bool                // dealt with
}

// copyKey is what a copy of an insert has in common with it.
type copyKey struct {
	parent outline.ServiceID
	digest uint64
}

func keyOf(ins *store.IntentInsert) copyKey { return copyKey{ins.Parent, ins.Digest} }

// moment is a parent and a time in units of sameMoment.
type moment struct {
	parent outline.ServiceID
	at     int64
}

func momentOf(parent outline.ServiceID, n *outline.Node) moment {
	return moment{parent, n.Created / sameMoment.Milliseconds()}
}

func (l *latecomers) freshNodes(open []*store.Intent) fresh {
	suspected := make(map[outline.NodeID]bool) // told of when what it may be is sent again
	sent := make(map[uint64]bool)
	for _, in := range open {
		for _, ins := range in.Inserts {
			suspected[l.binds.Ours(ins.Suspect)] = true
			sent[ins.Text] = true
		}
	}
	f := fresh{
		sent: make(map[copyKey][]*outline.Node), text: make(map[uint64][]*outline.Node), made: make(map[moment][]*outline.Node),
		changed: make(map[outline.ServiceID][]*outline.Node), taken: make(map[*outline.Node]bool),
	}
	for n := range l.remote.Root().Below() {
		if l.base.Node(n.ID) != nil || l.logged[n.ID].inserts {
			continue
		}
		if _, bound := l.binds.Bound(n.ID); bound {
			continue
		}
		parent := l.binds.Service(n.Parent().ID)
		key, made := copyKey{parent, digestOf(n.Fields)}, momentOf(parent, n)
		f.sent[key] = append(f.sent[key], n)
		if suspected[n.ID] {
			continue
		}
		f.made[made] = append(f.made[made], n)
		if textDigest(n.Fields) == noText {
			f.blank = append(f.blank, n)
		}
		for _, text := range heldBy(n, sent) {
			f.text[text] = append(f.text[text], n)
		}
		if n.Modified != n.Created {
			f.changed[parent] = append(f.changed[parent], n)
		}
	}
	return f
}

// asSent returns the first node that is just as an insert was sent, nil for none.
func (f *fresh) asSent(ins *store.IntentInsert) *outline.Node {
	for _, n := range f.sent[keyOf(ins)] {
		if !f.taken[n] {
			return n
		}
	}
	return nil
}

// manyWords is how many words of a changed text are compared: their runs are as many
// as the square of that.
const manyWords = 100

// heldBy returns which texts that were sent a node holds, by their digests: its whole
// text, or a run of words of a text that was changed.
func heldBy(n *outline.Node, sent map[uint64]bool) (texts []uint64) {
	if n.Modified == n.Created {
		if text := textDigest(n.Fields); sent[text] && words(n.Content) != "" {
			texts = append(texts, text)
		}
		return texts
	}
	text := bytes.Fields([]byte(words(n.Content)))
	text = text[:min(len(text), manyWords)]
	h := fnv.New64a()
	for from := range text {
		h.Reset()
		for at, word := range text[from:] {
			if at > 0 {
				h.Write([]byte{' '})
			}
			h.Write(word)
			if run := h.Sum64(); sent[run] && !slices.Contains(texts, run) {
				texts = append(texts, run)
			}
		}
	}
	return texts
}

// noText is the digest of the text of an item that has none.
var noText = textDigest(outline.Fields{})

// blanks returns the nodes without a text that were made in the same moment as the
// first copy of an insert without one, or as a second one of something else of its
// request, or have the very note that was sent with it: wherever they stand, nothing
// but that tells of them.
func (l *latecomers) blanks(in *store.Intent, i int, twin *outline.Node) (nodes []*outline.Node) {
	if in.Inserts[i].Text != noText || len(l.fresh.blank) == 0 {
		return nil
	}
	again := make(map[int64]bool) // when other items of the request came again
	for k := range in.Inserts {
		if in.Inserts[k].Text == noText {
			continue
		}
		for _, m := range l.fresh.sent[keyOf(&in.Inserts[k])] {
			again[m.Created] = true
		}
	}
	for _, n := range l.fresh.blank {
		noted := n.Note != "" && digestOf(n.Fields) == in.Inserts[i].Digest
		if n != twin && (noted || apart(n, twin) <= sameMoment || again[n.Created]) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// near returns the nodes that can be what a second copy of an insert has become, made
// not long before or after the first.
func (f *fresh) near(ins *store.IntentInsert, twin *outline.Node) []*outline.Node {
	lists := [][]*outline.Node{f.text[ins.Text], f.changed[ins.Parent]}
	m := momentOf(ins.Parent, twin)
	for _, at := range []int64{m.at - 1, m.at, m.at + 1} {
		lists = append(lists, f.made[moment{m.parent, at}])
	}
	return slices.DeleteFunc(slices.Concat(lists...), func(n *outline.Node) bool {
		return n == twin || apart(n, twin) > keepClear
	})
}
