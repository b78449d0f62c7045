package sync

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// A database that was restored from a backup, or copied to another machine or
// place, holds edits that may have been sent since by the one it was copied
// from. So the number of the last request is kept outside of the database as
// well. It is written after the request was written down, without waiting for
// the disk, so it is never ahead of a true database: one that lies behind it, or
// that this machine has no record of, is old or a copy.
//
// The edits of such a database are not sent on. A full read shows which of its
// new nodes are there; what it does not show waits for a person. Changes of
// nodes are safe to plan again, as ever. A copy leaves the staging nodes to its
// original, which may be in use. A restored database takes those for its own that
// were made after the backup (lost.go).

// Sent is where the number of the last request is kept, outside of the folder of
// the database. Nil functions keep none.
type Sent struct {
	// Last returns the number for a client id; ok is false if this machine has
	// none.
	Last func(client string) (n uint64, ok bool, err error)
	// Note writes it; durable waits for the disk.
	Note func(client string, n uint64, durable bool) error
}

// OldDatabase is the reason of records that wait for a person's word.
const OldDatabase = "this database was restored or copied, and the service does not show whether this was sent before"

// oldDatabaseID names the conflict about a restored or copied database: there is
// one at most.
const oldDatabaseID = "old-database"

// origin finds out, once in each run, whether the database is the one that sent
// the last request.
func (s *round) origin() error {
	if s.known || s.cfg.Sent.Last == nil {
		return nil
	}
	n, ok, err := s.cfg.Sent.Last(s.account.ClientID)
	if err != nil {
		return fmt.Errorf("look for the number of the last request: %w", err)
	}
	id := s.account.ClientID
	old := !ok || n > s.account.Sent
	if old {
		id = s.newID()
	}
	if old || n < s.account.Sent { // first: a database without such a note is a copy
		if err := s.cfg.Sent.Note(id, s.account.Sent, true); err != nil {
			return fmt.Errorf("write the number of the last request: %w", err)
		}
	}
	if old {
		if err := s.distrust(id, !ok); err != nil {
			return fmt.Errorf("take over a restored or copied database: %w", err)
		}
	}
	s.known = true
	return nil
}

// noteSent keeps the number of a request that is about to be sent.
func (s *round) noteSent() {
	if s.cfg.Sent.Note == nil {
		return
	}
	if err := s.cfg.Sent.Note(s.account.ClientID, s.account.Sent, false); err != nil {
		s.cfg.Log.Warn("write the number of the last request", "err", err) // a restored database may go unseen
	}
}

// distrust gives the database another name, and holds what it wants to
// insert until a read has shown whether it is there. The original of a copy may be
// in use: its staging nodes are not for the copy to take away.
func (s *round) distrust(id string, isCopy bool) error {
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		a, err := tx.Account()
		if err != nil {
			return err
		}
		waiting, err := tx.Waiting()
		if err != nil {
			return err
		}
		if isCopy {
			a.Origin, err = "", leaveStagings(tx, maps.Keys(waiting))
		} else {
			a.Origin, err = originOf(a), loseStagings(tx, maps.Keys(waiting))
		}
		if err != nil {
			return err
		}
		if err := noteForgotten(tx, time.Now()); err != nil {
			return err
		}
		held := 0
		for doc := range waiting {
			n, err := s.holdInserts(tx, doc)
			if err != nil {
				return err
			}
			held += n
		}
		a.ClientID, a.Restored = id, held > 0
		s.account = a
		if err := tx.PutAccount(a); err != nil || held == 0 {
			return err
		}
		s.cfg.Log.Warn("this database was restored or copied; new items wait until the service shows whether it has them", "records", held)
		return tx.PutConflict(store.Conflict{
			ID: oldDatabaseID, At: time.Now(), Kind: store.ConflictOldDatabase, Waits: true,
			Text: "this database was restored or copied: new items that the service does not show may have been sent before",
		})
	})
}

// leaveStagings gives the staging nodes up. New nodes that stand below one, and are
// brought to their places by the original, are known by their ids all the same: beside
// them there may be copies, which it deletes.
func leaveStagings(tx *store.Tx, docs iter.Seq[outline.FileID]) error {
	for doc := range docs {
		staged, err := tx.Staged(doc)
		if err != nil {
			return err
		}
		for id, n := range staged {
			if err := tx.Bind(doc, id, n.Service); err != nil {
				return err
			}
		}
	}
	return tx.ForgetStagings()
}

// holdInserts parks the inserts of a document, and writes a request down that
// may have made them, to be looked for in the next read.
func (s *round) holdInserts(tx *store.Tx, doc outline.FileID) (held int, err error) {
	in := &store.Intent{
		RequestID: s.newID(), Doc: doc, Phase: store.Ambiguous, Cause: string(Late), SentAt: time.Now(), Old: true,
	}
	log, err := tx.Log(doc)
	if err != nil {
		return 0, err
	}
	var parked []store.Record
	for _, r := range log {
		if isNew := r.Node != nil && r.Node.Kind == outline.Insert || r.File != nil && r.File.Kind == outline.Insert; !isNew {
			continue
		}
		r.State, r.Reason, r.After = store.Parked, OldDatabase, time.Time{}
		parked = append(parked, r)
		if r.Node != nil {
			in.Inserts = slices.DeleteFunc(in.Inserts, func(ins store.IntentInsert) bool { return ins.Node == r.Node.Node }) // made again
			in.Inserts = append(in.Inserts, store.IntentInsert{
				Node: r.Node.Node, Under: r.Node.To.Parent,
				Digest: digestOf(r.Node.New), Text: textDigest(r.Node.New), Long: isLong(r.Node.New),
			})
		}
	}
	if in.Changes, err = json.Marshal(NodeEdit{}); err != nil {
		return 0, err
	}
	if len(in.Inserts) > 0 {
		err = errors.Join(s.dropDoubts(tx, doc), tx.PutFenced(in))
	}
	return len(parked), errors.Join(err, tx.Rewrite(parked...))
}

// dropDoubts forgets the requests of an old database: the one that stands for
// all of them is looked for instead.
func (s *round) dropDoubts(tx *store.Tx, doc outline.FileID) error {
	open, err := tx.Fenced(doc)
	for _, in := range open {
		err = errors.Join(err, tx.DropFenced(doc, in.RequestID))
	}
	return errors.Join(err, tx.DropInflight(doc))
}

// bindOld binds what an old database wants to insert and a read shows, level by
// level, since a node is known by its parent. What is left waits for a person.
func bindOld(tx *store.Tx, in *store.Intent, r *Reading, canBeOurs func(outline.ServiceID) bool) error {
	taken := make(map[outline.ServiceID]bool)
	isNew := func(id outline.ServiceID) bool { return !taken[id] && canBeOurs(id) }
	for {
		b, err := tx.Bindings(in.Doc)
		if err != nil {
			return err
		}
		missing := make([]bool, len(in.Inserts))
		for i := range in.Inserts {
			ins := &in.Inserts[i]
			if _, bound := b.Bound(ins.Node); bound {
				continue
			}
			ins.Parent, missing[i] = b.Service(ins.Under), true
		}
		pairs := matchInserts(in, missing, r, isNew)
		if len(pairs) == 0 {
			return retire(tx, in)
		}
		for _, p := range pairs {
			taken[p.node] = true
			in.Inserts[p.insert].Bound = p.node
			if err := tx.Bind(in.Doc, in.Inserts[p.insert].Node, p.node); err != nil {
				return err
			}
		}
	}
}

// onlyOnce leaves out of what can be ours what stands below staging nodes more often
// than it was to be inserted: the original alone knows which it keeps, and deletes the
// others.
func onlyOnce(in *store.Intent, r *Reading, canBeOurs func(outline.ServiceID) bool) func(outline.ServiceID) bool {
	spare := make(map[uint64]int) // by text: how many more stand there
	for _, ins := range in.Inserts {
		spare[ins.Text]--
	}
	staged := make(map[outline.ServiceID]uint64)
	for _, n := range belowStagings(r) {
		staged[n.ID] = textDigest(n.Fields)
		spare[staged[n.ID]]++
	}
	return func(id outline.ServiceID) bool {
		text, below := staged[id]
		return canBeOurs(id) && !(below && spare[text] > 0)
	}
}

// belowStagings returns what stands below the staging nodes of a reading, whosever
// they are.
func belowStagings(r *Reading) (below []*ReadNode) {
	nodes := make(map[outline.ServiceID]*ReadNode, len(r.Nodes))
	var open []outline.ServiceID
	for i := range r.Nodes {
		n := &r.Nodes[i]
		nodes[n.ID] = n
		if strings.HasPrefix(n.Fields.Content, tempPrefix) {
			open = append(open, n.Children...)
		}
	}
	for len(open) > 0 {
		n := nodes[open[0]]
		if open = open[1:]; n != nil {
			delete(nodes, n.ID) // once
			below, open = append(below, n), append(open, n.Children...)
		}
	}
	return below
}

// takenOver ends the question about a restored database when nothing waits for
// its answer any more.
func (s *round) takenOver() error {
	if !s.account.Restored {
		return nil
	}
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		for r, err := range tx.AllUnconfirmed() {
			if err != nil || r.Reason == OldDatabase {
				return err
			}
		}
		a, err := tx.Account()
		if err != nil {
			return err
		}
		a.Restored = false
		s.account.Restored = false
		return errors.Join(tx.PutAccount(a), tx.DropConflict(oldDatabaseID))
	})
}
