package sync

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"iter"
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// A database that was restored from a backup knows nothing of the staging nodes that
// were made after it, and nobody else takes them away. So their tokens end in a mark of
// the database, by which it knows them again. What stands below them takes its place
// in the document, for where it was to go is lost. A request may have filled one twice:
// what came second is deleted, to the trash, where nothing else explains it.

// markLength is how many letters of a token are the mark.
const markLength = 6

// originOf is what stays the same when a database is restored. A copy gets another one:
// the staging nodes of its original are in use.
func originOf(a store.Account) string { return cmp.Or(a.Origin, a.ClientID) }

// newToken returns a name for a staging node that tells whose it is.
func (s *round) newToken() string {
	id := s.newID()
	id = id[:len(id)-markLength]
	return id + markOf(originOf(s.account), id)
}

// markOf returns the mark of a database for the first letters of a token.
func markOf(origin, first string) string {
	sum := sha256.Sum256([]byte(origin + " " + first))
	return base32.HexEncoding.EncodeToString(sum[:])[:markLength]
}

// isMarked tells whether a token is of this database, or of what it was.
func isMarked(origin, token string) bool {
	n := len(token) - markLength
	return n > 0 && token[n:] == markOf(origin, token[:n])
}

// loseStagings writes down that more may stand below the staging nodes of a restored
// database than it knows of.
func loseStagings(tx *store.Tx, waiting iter.Seq[outline.FileID]) error {
	docs, err := tx.Standing()
	if err != nil {
		return err
	}
	for doc := range waiting {
		docs[doc] = true
	}
	for doc := range docs {
		if doc == "" { // the list of files
			continue
		}
		all, err := tx.Stagings(doc)
		if err != nil {
			return err
		}
		for _, st := range all {
			st.Lost, st.Doubt, st.Full = true, true, true
			if err := tx.PutStaging(doc, st); err != nil {
				return err
			}
		}
	}
	return nil
}

// allStagings returns the staging nodes of a document, with those that a read shows
// and a restored database does not know.
func allStagings(tx *store.Tx, doc outline.FileID, r *Reading) ([]*store.Staging, error) {
	all, err := tx.Stagings(doc)
	if err != nil {
		return nil, err
	}
	a, err := tx.Account()
	if err != nil || a.Origin == "" { // never restored
		return all, err
	}
	known := make(map[string]bool)
	for _, st := range all {
		known[st.Token] = true
	}
	for _, n := range r.Nodes {
		token, staging := strings.CutPrefix(n.Fields.Content, tempPrefix)
		if staging && !known[token] && isMarked(a.Origin, token) {
			known[token] = true
			all = append(all, &store.Staging{Token: token, Lost: true, Doubt: true, Full: true})
		}
	}
	return all, nil
}

// sweepLost takes second copies for dead that stand below staging nodes, and keeps
// what they hold in the trash.
func (u *unstager) sweepLost(tx *store.Tx, doc outline.FileID) error {
	dead, err := tx.Buried(doc)
	if err != nil {
		return err
	}
	for _, st := range u.all {
		if !st.Lost {
			continue
		}
		for _, id := range u.secondCopies(st) {
			if _, buried := dead[id]; buried || u.staged[id] != "" {
				continue
			}
			if err := u.sweep(tx, doc, u.nodes[id]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (u *unstager) sweep(tx *store.Tx, doc outline.FileID, n *ReadNode) error {
	return errors.Join(
		tx.Bury(doc, n.ID, ""),
		tx.Trash(store.Trashed{
			ID: u.newID(), At: u.now, Doc: doc, Path: []string{}, Why: "a second copy of an item",
			Nodes: []outline.TreeEntry{{ID: outline.NodeID(n.ID), Fields: n.Fields}},
		}),
		u.tell(tx, doc, n, "a second copy of this item came late and was deleted; it is in the trash"),
	)
}

// secondCopies returns what came with a second delivery of a request: untouched, made
// later than an equal node and standing before it, since it went to the same place, and
// not alone. What was filled in later stands behind.
func (u *unstager) secondCopies(st *store.Staging) (copies []outline.ServiceID) {
	type delivery struct{ second, first int64 } // when they were made
	for _, staging := range st.Nodes {
		came := make(map[delivery][]outline.ServiceID)
		children := u.nodes[staging].Children
		for i, id := range children {
			if first := u.firstOf(u.nodes[id], children[i+1:]); first != nil {
				d := delivery{u.nodes[id].Fields.Created, first.Fields.Created}
				came[d] = append(came[d], id)
			}
		}
		for _, ids := range came {
			if len(ids) > 1 {
				copies = append(copies, ids...)
			}
		}
	}
	return copies
}

// firstOf returns the node among those behind a second copy of which it is one.
func (u *unstager) firstOf(n *ReadNode, behind []outline.ServiceID) *ReadNode {
	if n == nil || !u.untouched(n) {
		return nil
	}
	for _, id := range behind {
		m := u.nodes[id]
		if m != nil && m.Fields.Created != 0 && m.Fields.Created < n.Fields.Created && digestOf(m.Fields) == digestOf(n.Fields) {
			return m
		}
	}
	return nil
}

// untouched tells whether nobody has changed a node or put anything below it.
func (u *unstager) untouched(n *ReadNode) bool {
	return n.Fields.Modified == n.Fields.Created && len(n.Children) == 0
}
