package sync

import (
	"slices"
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// A new node of ours can be changed by somebody before a read has shown it just as
// it was sent. Then nothing but circumstances tell that it is ours: that it is new,
// stands where it was put, still holds our text, and was made in the moment of the
// request, which the service's times of what else the request has done tell.

// altered pairs what is left over with new nodes that hold the text that was sent,
// below the same parent, where the text is long or the node was made in the moment
// of the request; and with what was made in that moment, is as it was sent, but for what
// was changed later beside its text, and stands elsewhere by now. Such a pair does not
// prove that the request has run.
// Of what remains it notes the nodes that may be ours without such proof.
func altered(in *store.Intent, missing []bool, r *Reading, found []pair, isNew func(outline.ServiceID) bool) ([]pair, error) {
	if in.Cause == "" {
		return nil, nil // answered clearly
	}
	a := newAlteration(in, r, found, isNew)
	if !a.any(missing) {
		return nil, nil
	}
	edit, err := nodeEdit(in)
	if err != nil {
		return nil, err
	}
	a.timeEdits(r, edit.Changes)
	sent, isCopy := insertFields(edit.Changes), copiesOf(in, found)
	var pairs []pair
	for i, ins := range in.Inserts {
		if !missing[i] || a.paired[i] || i >= len(sent) {
			continue
		}
		for _, n := range a.fresh {
			together := a.moments[n.Fields.Created]
			here := a.parent[n.ID] == ins.Parent && (ins.Long || together) && holdsText(n.Fields, sent[i]) && !wroteMore(n.Fields, sent[i])
			asSent := digestOf(n.Fields) == ins.Digest || n.Fields.Modified != n.Fields.Created && textDigest(n.Fields) == ins.Text
			if !a.taken[n.ID] && (here || together && asSent) && !isCopy(ins, n) {
				a.paired[i], a.taken[n.ID] = true, true
				pairs = append(pairs, pair{insert: i, node: n.ID})
				break
			}
		}
	}
	a.suspect(missing, sent)
	return pairs, nil
}

// alteration is what a read shows that is new and that no insert of a request was
// tied to yet.
type alteration struct {
	in       *store.Intent
	fresh    []*ReadNode
	suspects map[outline.ServiceID][]*ReadNode       // noted when they were new
	parent   map[outline.ServiceID]outline.ServiceID // of those
	paired   map[int]bool
	taken    map[outline.ServiceID]bool
	moments  map[int64]bool // at which the request did something
}

func newAlteration(in *store.Intent, r *Reading, found []pair, isNew func(outline.ServiceID) bool) *alteration {
	a := &alteration{
		in: in, parent: make(map[outline.ServiceID]outline.ServiceID), paired: make(map[int]bool),
		taken: make(map[outline.ServiceID]bool), moments: make(map[int64]bool), suspects: make(map[outline.ServiceID][]*ReadNode),
	}
	for _, p := range found {
		a.paired[p.insert], a.taken[p.node] = true, true
	}
	if len(a.paired) == len(in.Inserts) {
		return a
	}
	for _, ins := range in.Inserts {
		a.suspects[ins.Suspect] = nil
	}
	for i := range r.Nodes {
		n := &r.Nodes[i]
		_, suspected := a.suspects[n.ID]
		switch {
		case a.taken[n.ID]:
			a.moments[n.Fields.Created] = n.Fields.Created != 0
		case isNew(n.ID):
			a.fresh = append(a.fresh, n)
		case suspected:
			a.suspects[n.ID] = []*ReadNode{n}
		}
		for _, c := range n.Children {
			a.parent[c] = n.ID
		}
	}
	return a
}

// timeEdits notes when the request has edited nodes that are still as it left them.
func (a *alteration) timeEdits(r *Reading, steps []Step) {
	edits := make(map[outline.ServiceID]Step)
	for _, st := range steps {
		if st.Kind == outline.Update {
			edits[st.Node] = st
		}
	}
	for _, n := range r.Nodes {
		if st, ok := edits[n.ID]; ok && n.Fields.Differ(st.Fields)&st.Mask == 0 && n.Fields.Modified != 0 {
			a.moments[n.Fields.Modified] = true
		}
	}
}

// any tells whether there is anything to pair.
func (a *alteration) any(missing []bool) bool {
	for i := range missing {
		if missing[i] && !a.paired[i] {
			return len(a.fresh) > 0
		}
	}
	return false
}

// suspect notes for what is still missing which new node may be it all the same: the
// likeliest, and of such the first. One that an earlier read has shown stands among them.
func (a *alteration) suspect(missing []bool, sent []outline.Fields) {
	for i := range a.in.Inserts {
		ins := &a.in.Inserts[i]
		if !missing[i] || a.paired[i] || i >= len(sent) {
			continue
		}
		most := 0
		for _, n := range slices.Concat(a.suspects[ins.Suspect], a.fresh) {
			if likely := a.likely(ins, n, sent[i]); !a.taken[n.ID] && likely > most {
				ins.Suspect, most = n.ID, likely
			}
		}
	}
}

// likely returns how much speaks for a new node being what an insert has become: most
// of all its text. 0 is nothing.
func (a *alteration) likely(ins *store.IntentInsert, n *ReadNode, sent outline.Fields) (likely int) {
	here, changed := a.parent[n.ID] == ins.Parent, n.Fields.Modified != n.Fields.Created
	if textDigest(n.Fields) == ins.Text || holdsText(n.Fields, sent) { // no text holds the empty one
		likely += 4
	}
	if a.moments[n.Fields.Created] {
		likely += 2
	}
	if here && changed {
		likely++
	}
	return likely
}

// holdsText tells whether a text holds all of one that was sent.
func holdsText(now, sent outline.Fields) bool {
	text := words(sent.Content)
	return text != "" && strings.Contains(words(now.Content), text)
}

// tellSuspects tells a person of the nodes that may be inserts of ours which are
// now to be sent again.
func (l *latecomers) tellSuspects(in *store.Intent) error {
	told := false
	for i := range in.Inserts {
		ins := &in.Inserts[i]
		if !in.Closed || ins.Suspect == "" || ins.Bound != "" || !l.logged[ins.Node].inserts {
			continue
		}
		n := l.remote.Node(l.binds.Ours(ins.Suspect))
		ins.Suspect, told = "", true
		if n == nil || l.logged[n.ID].inserts {
			continue
		}
		if err := l.tell(n, "this item may be there twice, since a request was answered unclearly and it has been changed since"); err != nil {
			return err
		}
	}
	if !told {
		return nil
	}
	return l.keep(in)
}
