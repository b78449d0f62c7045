package sync

import (
	"context"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// wholeEvery is how old the last whole read of a document may be for the next
// one to ask only for what changed: a base that is pieced together for months
// would hide a mistake of either side for months.
const wholeEvery = 24 * time.Hour

func wholeKey(doc outline.FileID) string { return "whole/" + string(doc) }

// read reads a document: what changed since the base where the service can tell
// that and nothing is in doubt, else all of it. What comes back is always whole.
// Asked is when the request left: what is done at the service later may be missing.
func (s *round) read(ctx context.Context, d document) (r *Reading, asked time.Time, err error) {
	since, err := s.changesAfter(d)
	if err != nil {
		return nil, asked, err
	}
	r, asked, err = s.readAfter(ctx, d, since)
	if err != nil || r.Since == 0 {
		return r, asked, err
	}
	whole, err := s.completed(d, r)
	if err != nil || whole != nil {
		return whole, asked, err
	}
	return s.readAfter(ctx, d, 0)
}

func (s *round) readAfter(ctx context.Context, d document, since int64) (r *Reading, asked time.Time, err error) {
	r, err = ask(ctx, s, BudgetRead, size{read: d.size}, readSize, func() (*Reading, error) {
		asked = time.Now()
		return s.cfg.Remote.Read(ctx, d.service, since)
	})
	return r, asked, err
}

// changesAfter returns the version after which changes will do, 0 for none: when
// the base is not what the service showed to the letter, or is to be compared.
func (s *round) changesAfter(d document) (version int64, err error) {
	if !s.cfg.Remote.Server().ChangesSince {
		return 0, nil
	}
	err = s.cfg.DB.View(func(tx *store.Tx) error {
		m, ok, err := tx.Meta(d.id)
		if err != nil || !ok || m.Orphans > 0 {
			return err
		}
		last, err := cursorTime(tx, wholeKey(d.id))
		if err != nil || !within(time.Now(), last, wholeEvery) {
			return err
		}
		for _, key := range []string{holdKey(d.id), oddKey(d.id), straysKey(d.id)} {
			if raw, err := tx.Cursor(key); err != nil || raw != nil {
				return err
			}
		}
		if open, err := anyIntent(tx, d.id); err != nil || open {
			return err
		}
		version = m.Version
		return nil
	})
	return version, err
}

// anyIntent tells whether the effects of a request may still show up.
func anyIntent(tx *store.Tx, doc outline.FileID) (bool, error) {
	in, err := tx.Inflight(doc)
	if in != nil || err != nil {
		return in != nil, err
	}
	fenced, err := tx.Fenced(doc)
	if len(fenced) > 0 || err != nil {
		return len(fenced) > 0, err
	}
	ledger, err := tx.Ledger(doc)
	return len(ledger) > 0, err
}

// noteWhole notes when all of a document was read.
func (s *round) noteWhole(tx *store.Tx, doc outline.FileID, r *Reading, now time.Time) error {
	if r.Since != 0 || !s.cfg.Remote.Server().ChangesSince {
		return nil
	}
	return putCursorTime(tx, wholeKey(doc), now)
}

// completed puts changes into the base they were asked for, nil if the two do not
// make a tree of as many nodes as the service has.
func (s *round) completed(d document, r *Reading) (whole *Reading, err error) {
	err = s.cfg.DB.View(func(tx *store.Tx) error {
		m, ok, err := tx.Meta(d.id)
		if err != nil || !ok || m.Version != r.Since {
			return err
		}
		base, err := tx.Base(d.id)
		if err != nil {
			return err
		}
		b, err := tx.Bindings(d.id)
		if err == nil {
			whole = complete(base, b, r)
		}
		return err
	})
	return whole, err
}

// complete is completed for a given base. It is pure.
func complete(base *outline.Document, b *store.Bindings, r *Reading) *Reading {
	whole := *r
	whole.Deleted = nil
	whole.Nodes = append(make([]ReadNode, 0, max(r.Count, len(r.Nodes))), r.Nodes...)
	other := make(map[outline.ServiceID]bool, len(r.Nodes)+len(r.Deleted))
	for _, n := range r.Nodes {
		other[n.ID] = true
	}
	for _, id := range r.Deleted {
		other[id] = true
	}
	for _, n := range base.Root().Walk() {
		if id := b.Service(n.ID); !other[id] {
			whole.Nodes = append(whole.Nodes, ReadNode{ID: id, Fields: n.Fields, Children: childIDs(n, b)})
		}
	}
	if len(whole.Nodes) != r.Count || !joined(whole.Nodes) {
		return nil
	}
	return &whole
}

// childIDs returns the children of a node of the base, in the service's ids.
func childIDs(n *outline.Node, b *store.Bindings) []outline.ServiceID {
	if n.First() == nil {
		return nil
	}
	ids := make([]outline.ServiceID, 0, n.ChildCount())
	for child := range n.Children() {
		ids = append(ids, b.Service(child.ID))
	}
	return ids
}

// joined tells whether each node but the root is the child of one of them.
func joined(nodes []ReadNode) bool {
	free := make(map[outline.ServiceID]bool, len(nodes))
	for _, n := range nodes {
		free[n.ID] = n.ID != outline.ServiceID(outline.RootID)
	}
	children := 0
	for _, n := range nodes {
		for _, id := range n.Children {
			if !free[id] {
				return false
			}
			free[id] = false
			children++
		}
	}
	return len(free) == len(nodes) && children == len(nodes)-1
}
