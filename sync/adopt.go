package sync

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"outlast/internal/outline"
	"outlast/store"
)

// Staged nodes are known again by where they stand: what a read shows below a staging
// node, and nobody knew before, the request in doubt has put there. That holds though
// somebody has put it deeper meanwhile, moved it out just after it was made, or
// changed its text; and also where the service said that it had moved a node to its
// place and has not.

// adopt takes what a read shows below a staging node for the new nodes of the
// request in doubt that was to put them there: all below it is ours, also what
// somebody has put deeper meanwhile. known are the digests of all that went there.
func (u *unstager) adopt(tx *store.Tx, in *store.Intent, r *Reading, known map[uint64]bool) error {
	canBeOurs, err := newcomers(tx, in.Doc)
	if err != nil {
		return err
	}
	taken := make(map[outline.ServiceID]bool)
	staged, err := tx.Staged(in.Doc)
	if err != nil {
		return err
	}
	for _, n := range staged {
		taken[n.Service] = true
	}
	isNew := func(id outline.ServiceID) bool { return !taken[id] && canBeOurs(id) }
	edit, err := nodeEdit(in)
	if err != nil {
		return err
	}
	fields := insertFields(edit.Changes)
	stands := u.stands(in.Token) // else somebody has taken it away
	there := func(id outline.ServiceID) bool { return isNew(id) && (!stands || u.token[id] == in.Token) }
	pairs := matchInserts(in, slices.Repeat([]bool{true}, len(in.Inserts)), r, there)
	pairs = append(pairs, u.deeper(in, pairs, isNew)...)
	isReshaped := func(id outline.ServiceID) bool { return isNew(id) && !known[digestOf(u.nodes[id].Fields)] }
	for _, p := range append(pairs, u.reshaped(in, fields, pairs, isReshaped)...) {
		n := store.StagedNode{Token: in.Token, Service: p.node, Fields: fields[p.insert].Only(outline.Editable)}
		if err := tx.PutStaged(in.Doc, in.Inserts[p.insert].Node, n); err != nil {
			return err
		}
	}
	return nil
}

// fillsWithin is how soon after a staging node what goes below it is made.
const fillsWithin = 30 * time.Second

// deeper pairs what is left over of a request with equal new nodes: anywhere below
// its staging node, or elsewhere, if they were made together with what was found, or
// nothing was and they were made just after the staging node, since somebody may have
// moved them out before we saw them there, marked those with a long text, and taken
// the staging node away. What is equal and was made at another time is somebody's who
// wrote the same.
func (u *unstager) deeper(in *store.Intent, found []pair, isNew func(outline.ServiceID) bool) (pairs []pair) {
	inserts, nodes, moments := u.paired(found)
	places := slices.Clone(u.below[in.Token])
	for _, n := range u.reading.Nodes {
		together := moments[n.Fields.Created] || len(found) == 0 && u.madeAfter(in.Token, n.Fields)
		if u.token[n.ID] != in.Token && together {
			places = append(places, n.ID)
		}
	}
	match := func(equal func(store.IntentInsert, *ReadNode) bool) {
		for i, ins := range in.Inserts {
			for _, id := range places {
				if !inserts[i] && !nodes[id] && isNew(id) && equal(ins, u.nodes[id]) {
					inserts[i], nodes[id] = true, true
					pairs = append(pairs, pair{insert: i, node: id})
				}
			}
		}
	}
	match(func(ins store.IntentInsert, n *ReadNode) bool { return digestOf(n.Fields) == ins.Digest })
	isCopy := copiesOf(in, slices.Concat(found, pairs))
	match(func(ins store.IntentInsert, n *ReadNode) bool {
		return ins.Long && textDigest(n.Fields) == ins.Text && !isCopy(ins, n)
	})
	return pairs
}

// paired returns which inserts and nodes are paired, and when the nodes were made.
func (u *unstager) paired(found []pair) (inserts map[int]bool, nodes map[outline.ServiceID]bool, moments map[int64]bool) {
	inserts, nodes, moments = make(map[int]bool), make(map[outline.ServiceID]bool), make(map[int64]bool)
	for _, p := range found {
		inserts[p.insert], nodes[p.node] = true, true
		if at := u.nodes[p.node].Fields.Created; at != 0 {
			moments[at] = true
		}
	}
	return inserts, nodes, moments
}

// reshaped pairs what is still left over with new nodes below its staging node whose
// texts the service has cut, or somebody has added to, if the text is long or the
// node was made together with what was found. One that is just as something was sent
// is a second copy of that: canBe does not let it pass.
func (u *unstager) reshaped(in *store.Intent, sent []outline.Fields, found []pair, canBe func(outline.ServiceID) bool) (pairs []pair) {
	inserts, nodes, moments := u.paired(found)
	for i := range in.Inserts {
		for _, id := range u.below[in.Token] {
			if inserts[i] || nodes[id] || !canBe(id) {
				continue
			}
			now := u.nodes[id].Fields
			likely := in.Inserts[i].Long || moments[now.Created]
			if likely && isLeftOf(sent[i].Content, now.Content) && isLeftOf(sent[i].Note, now.Note) && !wroteMore(now, sent[i]) {
				inserts[i], nodes[id] = true, true
				pairs = append(pairs, pair{insert: i, node: id})
			}
		}
	}
	return pairs
}

// wroteMore tells whether a node has said more than was sent from the moment it was
// made: nobody has added to it since, so it is somebody else's. Of a service that tells
// no times nothing is known.
func wroteMore(now, sent outline.Fields) bool {
	return now.Created != 0 && now.Modified == now.Created &&
		(len(words(now.Content)) > len(words(sent.Content)) || len(words(now.Note)) > len(words(sent.Note)))
}

// isLeftOf tells whether seen is a text that was sent, with more around it or cut. A
// short one stands within many, and has to be their first words.
func isLeftOf(sent, seen string) bool {
	sent, seen = words(sent), words(seen)
	if min(utf8.RuneCountInString(sent), utf8.RuneCountInString(seen)) < strongText {
		return seen == sent || sent != "" && strings.HasPrefix(seen, sent+" ")
	}
	return strings.Contains(seen, sent) || strings.HasPrefix(sent, seen)
}

// stands tells whether the read shows a staging node.
func (u *unstager) stands(token string) bool {
	return slices.ContainsFunc(u.all, func(st *store.Staging) bool { return st.Token == token && len(st.Nodes) > 0 })
}

// madeAfter tells whether a node was made at the same time as, or soon after, a
// staging node.
func (u *unstager) madeAfter(token string, f outline.Fields) bool {
	for _, st := range u.all {
		for _, id := range st.Nodes {
			passed := time.Duration(f.Created-u.nodes[id].Fields.Created) * time.Millisecond
			if st.Token == token && f.Created != 0 && passed >= 0 && passed <= fillsWithin {
				return true
			}
		}
	}
	return false
}

// restage takes new nodes for staged ones again that a read still shows below a
// staging node, though the service has said that it moved them: it can say Ok and
// leave changes out. One that the base shows had its place, and somebody has moved it;
// one that somebody has changed is left to the merge, which loses nothing of that.
func (u *unstager) restage(tx *store.Tx, doc outline.FileID) error {
	base, err := tx.Base(doc)
	if err != nil {
		return err
	}
	expected, err := tx.Expected(doc)
	if err != nil {
		return err
	}
	b, err := tx.Bindings(doc)
	if err != nil {
		return err
	}
	for id, token := range u.token {
		ours, bound := b.Taken(id)
		if !bound || nodeOf(base, ours) != nil {
			continue
		}
		if sent := nodeOf(expected, ours); sent != nil && digestOf(sent.Fields) != digestOf(u.nodes[id].Fields) {
			continue
		}
		n := store.StagedNode{Token: token, Service: id, Fields: u.nodes[id].Fields.Only(outline.Editable)}
		if err := errors.Join(tx.Unbind(doc, ours), tx.PutStaged(doc, ours, n)); err != nil {
			return err
		}
	}
	return nil
}
