package remotetest

import (
	"errors"
	"fmt"
	"slices"

	"outlast/internal/outline"
	"outlast/sync"
)

// marked is a node with a value in every field that can be edited.
func marked() outline.Fields {
	return outline.Fields{Content: "content", Note: "note", Checked: true, Checkbox: true, Heading: 2, Color: 5}
}

// wantFields reads the document and compares the editable fields of a node.
func (p *probe) wantFields(id outline.ServiceID, want outline.Fields) {
	p.Helper()
	n, ok := p.read().nodes[id]
	if !ok {
		p.Errorf("node %s is not there", id)
	} else if got := n.Fields.Only(outline.Editable); got != want {
		p.Errorf("node is %+v, want %+v", got, want)
	}
}

// checkInsertFields: each field alone, all together and none.
func checkInsertFields(p *probe) {
	all := []outline.Fields{marked(), {}}
	for _, bit := range editable() {
		all = append(all, marked().Only(bit))
	}
	for heading := range uint8(outline.MaxHeading + 1) {
		all = append(all, outline.Fields{Content: "heading", Heading: heading})
	}
	for color := range uint8(outline.MaxColor + 1) {
		all = append(all, outline.Fields{Content: "color", Color: color})
	}
	top := p.item()
	var steps []sync.Step
	for i, f := range all {
		steps = append(steps, insert(top, i, f))
	}
	ids := p.edit(steps...)
	r := p.read()
	for i, f := range all {
		if got := r.nodes[ids[i]].Fields.Only(outline.Editable); got != f {
			p.Errorf("inserted %+v, read %+v", f, got)
		}
	}
}

// editable is the bits of outline.Editable.
func editable() (bits []outline.Mask) {
	for bit := outline.Mask(1); bit < outline.AllFields; bit <<= 1 {
		if outline.Editable&bit != 0 {
			bits = append(bits, bit)
		}
	}
	return bits
}

// checkUpdateFields: the fields in the mask change, the others stay.
func checkUpdateFields(p *probe) {
	next := outline.Fields{Content: "other content", Note: "other\nnote", Heading: 1, Color: 6}
	for _, bit := range editable() {
		p.Logf("field %b", bit)
		id := p.edit(insert(p.item(), 0, marked()))[0]
		p.edit(update(id, bit, next))
		p.wantFields(id, marked().With(bit, next))
	}
}

// checkClear: zero is a value.
func checkClear(p *probe) {
	id := p.edit(insert(p.item(), 0, marked()))[0]
	p.edit(update(id, outline.Editable, outline.Fields{}))
	p.wantFields(id, outline.Fields{})
	p.edit(update(id, outline.Editable, marked()))
	p.wantFields(id, marked())
}

// checkLevels: a request cannot use the ids that it makes, so a tree goes in
// one level at a time.
func checkLevels(p *probe) {
	at := p.item()
	var path []outline.ServiceID
	for level := range 6 {
		at = p.edit(insert(at, 0, outline.Fields{Content: fmt.Sprint("level ", level)}))[0]
		path = append(path, at)
	}
	r := p.read()
	for i, id := range path[:len(path)-1] {
		if got := r.nodes[id].Children; !slices.Equal(got, path[i+1:i+2]) {
			p.Errorf("below level %d: %v", i, got)
		}
	}
}

// checkInsertIndex: an index counts as the list stands when its change comes
// to be applied; -1, once per request, is the end.
func checkInsertIndex(p *probe) {
	top, _ := p.items("a", "b")
	p.edit(
		insert(top, 0, outline.Fields{Content: "first"}),
		insert(top, 2, outline.Fields{Content: "before b"}),
		insert(top, 4, outline.Fields{Content: "last"}),
	)
	p.wantChildren(top, "first", "a", "before b", "b", "last")
	p.edit(insert(top, -1, outline.Fields{Content: "end"}))
	p.wantChildren(top, "first", "a", "before b", "b", "last", "end")
}

// checkNewNodes: one id per insert, in the order of the inserts, wherever they
// land and whatever stands between them.
func checkNewNodes(p *probe) {
	top, ids := p.items("a", "b", "c")
	got := p.edit(
		insert(top, 0, outline.Fields{Content: "one"}),
		update(ids[0], outline.Content, outline.Fields{Content: "A"}),
		insert(top, 0, outline.Fields{Content: "two"}),
		move(ids[1], top, 0),
		remove(ids[2]),
		insert(ids[0], 0, outline.Fields{Content: "three"}),
	)
	r := p.read()
	for i, want := range []string{"one", "two", "three"} {
		if len(got) != 3 || r.nodes[got[i]].Fields.Content != want {
			p.Fatalf("new nodes are %v, want those of one, two, three", got)
		}
	}
	p.wantChildren(top, "b", "two", "one", "A")
	if none := p.edit(update(ids[0], outline.Content, outline.Fields{Content: "a"})); len(none) != 0 {
		p.Errorf("an edit without inserts made %v", none)
	}
}

// checkMoveIndex: the index of a move counts after the node was taken out.
func checkMoveIndex(p *probe) {
	names := []string{"a", "b", "c", "d"}
	top, ids := p.items(names...)
	order := slices.Clone(ids)
	for from := range names {
		for to := range names {
			id := order[from]
			order = slices.Insert(slices.Delete(order, from, from+1), to, id)
			p.edit(move(id, top, to))
			if got := p.read().nodes[top].Children; !slices.Equal(got, order) {
				p.Fatalf("from %d to %d: got %v, want %v", from, to, got, order)
			}
		}
	}
}

// checkMoveParent: a node moves with all that is below it.
func checkMoveParent(p *probe) {
	top, ids := p.items("a", "b", "c")
	inner := p.edit(insert(ids[0], 0, outline.Fields{Content: "inside a"}))[0]
	p.edit(move(ids[0], ids[2], 0))
	p.wantChildren(top, "b", "c")
	p.wantChildren(ids[2], "a")
	p.wantChildren(ids[0], "inside a")
	p.edit(move(inner, top, 1))
	p.wantChildren(top, "b", "inside a", "c")
	p.edit(move(ids[0], top, 3), move(ids[1], ids[0], 0))
	p.wantChildren(top, "inside a", "c", "a")
	p.wantChildren(ids[0], "b")
}

// checkDelete: a leaf, and a subtree from its leaves upwards in one request.
func checkDelete(p *probe) {
	top, ids := p.items("a", "b", "c")
	inner := p.edit(insert(ids[0], 0, outline.Fields{Content: "inside a"}), insert(ids[0], 1, outline.Fields{Content: "too"}))
	p.edit(remove(ids[1]))
	p.wantChildren(top, "a", "c")
	before := len(p.read().Nodes)
	p.edit(remove(inner[1]), remove(inner[0]), remove(ids[0]))
	p.wantChildren(top, "c")
	if r := p.read(); len(r.Nodes) != before-3 {
		p.Errorf("%d nodes became %d, want three less", before, len(r.Nodes))
	}
}

// checkManyChanges: as many as the engine ever sends at once, none dropped.
func checkManyChanges(p *probe) {
	top := p.item()
	var steps []sync.Step
	var want []string
	for i := range 200 {
		want = append(want, fmt.Sprintf("number %d", i))
		steps = append(steps, insert(top, i, outline.Fields{Content: want[i]}))
	}
	p.edit(steps...)
	p.wantChildren(top, want...)
}

// checkUnknownNode: the answer may leave open which part was applied, but a
// clear no means that none was.
func checkUnknownNode(p *probe) {
	top := p.item()
	before := p.read()
	_, err := p.send(
		insert(top, 0, outline.Fields{Content: "before the wrong one"}),
		update(unknownID, outline.Content, outline.Fields{Content: "x"}),
	)
	p.wantFailure(err, nil, sync.Partial, sync.Rejected)
	if f, ok := errors.AsType[*sync.Failure](err); ok && f.Class == sync.Rejected {
		p.wantSame(before)
	}
	p.edit(insert(top, 0, outline.Fields{Content: "afterwards"}))
}

// texts are what people write.
func texts() []string {
	return []string{
		"", " ", " blanks around ", "two\nlines", "\nlines around\n", "a\ttab", `quotes " and \ and \n`,
		"<b>bold</b> &amp; R&D", "**bold** __slanted__ `code` [link](https://example.com/?a=1&b=2) !(2024-04-26)",
		"Größe, naïve, café", "cafe\u0301", "日本語", "данные", "עברית \u200f and \u200e back", "🙂 𝔘𝔫𝔦 👩\u200d👩\u200d👧", "no\u00a0break\u200bzero",
	}
}

// checkText: what is written is what is read, in both texts of a node.
func checkText(p *probe) { p.wantTexts(texts()) }

func (p *probe) wantTexts(all []string) {
	p.Helper()
	top := p.item()
	var steps []sync.Step
	for i, s := range all {
		steps = append(steps, insert(top, i, outline.Fields{Content: s, Note: s}))
	}
	ids := p.edit(steps...)
	r := p.read()
	for i, s := range all {
		if f := r.nodes[ids[i]].Fields; f.Content != s || f.Note != s {
			p.Errorf("%.40q came back as %.40q with note %.40q", s, f.Content, f.Note)
		}
	}
}
