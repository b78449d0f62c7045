package server

import (
	"errors"

	"go.etcd.io/bbolt"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
)

// docEdited answers doc/edit.
type docEdited struct {
	dynalist.Envelope
	NewNodeIDs *[]string `json:"new_node_ids,omitempty"`
	Version    *int64    `json:"version,omitempty"` // with if_version only
	RequestID  string    `json:"request_id,omitempty"`
}

func (s *Server) docEdit(c call, q *dynalist.DocEditRequest) answer {
	if no := s.checkNodeChanges(q.Changes); no != nil {
		return no.answer()
	}
	ch := change{call: c, requestID: s.honoured(q.RequestID), body: q, shrinks: onlyDeletes(q.Changes)}
	cut := s.cfg.cutAt(len(q.Changes))
	if !s.cfg.Switches.CutToBucket && !s.cfg.Switches.LimitKeepsPrefix {
		ch.count = min(cut, maxChanges)
	}
	return s.perform(ch, func(w *write) (any, error) {
		changes := q.Changes[:cut]
		room := len(changes)
		if ch.count == 0 {
			room = s.limits.upTo(c.key, dynalist.ChangesLimit, room)
		}
		if room == 0 && cut > 0 && s.cfg.Switches.LimitKeepsPrefix {
			return nil, tooMany()
		}
		v, err := s.editDocument(w, q, changes[:room])
		if err == nil && room < len(changes) && s.cfg.Switches.LimitKeepsPrefix {
			return tooMany(), nil
		}
		return v, err
	})
}

// checkNodeChanges refuses what is wrong whatever the document holds.
func (s *Server) checkNodeChanges(changes []dynalist.NodeChange) *refusal {
	if s.safe() && len(changes) > maxChanges {
		return refuse(dynalist.CodeInvalid, "more than %d changes", maxChanges)
	}
	for i := range changes {
		if msg := nodeChangeError(&changes[i]); msg != "" {
			return refuse(dynalist.CodeInvalid, "change %d: %s", i, msg)
		}
	}
	return nil
}

func nodeChangeError(c *dynalist.NodeChange) string {
	needsNode, needsParent := true, false
	switch c.Action {
	case "insert":
		needsNode, needsParent = false, true
	case "move":
		needsParent = true
	case "edit", "delete":
	default:
		return "unknown action"
	}
	switch {
	case needsNode && c.NodeID == "":
		return "node_id is missing"
	case needsParent && c.ParentID == "":
		return "parent_id is missing"
	case c.Index != nil && *c.Index < -1:
		return "index is below -1"
	case c.Heading != nil && (*c.Heading < 0 || *c.Heading > outline.MaxHeading):
		return "no such heading"
	case c.Color != nil && (*c.Color < 0 || *c.Color > outline.MaxColor):
		return "no such color"
	}
	return ""
}

func onlyDeletes(changes []dynalist.NodeChange) bool {
	for _, c := range changes {
		if c.Action != "delete" {
			return false
		}
	}
	return true
}

// editable returns a document that nodes may be written to.
func (s *Server) editable(id string) (*file, error) {
	f := s.tree.document(id)
	switch {
	case f == nil:
		return nil, refuse(dynalist.CodeNotFound, "no such document")
	case f.Permission < permEdit:
		return nil, refuse(dynalist.CodeUnauthorized, "the document may not be changed")
	}
	return f, nil
}

func (s *Server) editDocument(w *write, q *dynalist.DocEditRequest, changes []dynalist.NodeChange) (any, error) {
	f, err := s.editable(q.FileID)
	if err != nil {
		return nil, err
	}
	if s.safe() && q.IfVersion != nil && *q.IfVersion != f.version {
		no := refuse(dynalist.CodeVersionMismatch, "the document has another version")
		version := f.version
		no.version = &version
		return nil, no
	}
	e, err := s.edit(w, f)
	if err != nil {
		return nil, err
	}
	wrong, err := s.applyAll(e, changes)
	if err != nil {
		return nil, err
	}
	if err := e.finish(); err != nil {
		return nil, err
	}
	if wrong != nil {
		return wrong, nil
	}
	return s.edited(q, e), nil
}

func (s *Server) edited(q *dynalist.DocEditRequest, e *edit) *docEdited {
	a := &docEdited{Envelope: success(), RequestID: s.honoured(q.RequestID)}
	if len(e.ids) > 0 || s.safe() {
		a.NewNodeIDs = &e.ids
	}
	if s.safe() && q.IfVersion != nil {
		a.Version = &e.version
	}
	return a
}

// applyAll makes the changes in order. A wrong one ends the batch with an
// error; in profile compat it may be kept apart, to be answered after what
// stays of the batch was stored (F10).
func (s *Server) applyAll(e *edit, changes []dynalist.NodeChange) (kept *refusal, err error) {
	mode := s.cfg.Switches.BatchError
	if s.safe() {
		mode = KeepNone
	}
	for i := range changes {
		err := s.apply(e, &changes[i])
		if err == nil {
			continue
		}
		no, ok := errors.AsType[*refusal](err)
		if !ok || mode == KeepNone || no.code == dynalist.CodeLockFail {
			return nil, err
		}
		if kept == nil {
			kept = no
		}
		if mode == KeepPrefix {
			break
		}
	}
	if kept != nil && !e.changed() {
		return nil, kept
	}
	return kept, nil
}

func (s *Server) apply(e *edit, c *dynalist.NodeChange) error {
	switch c.Action {
	case "insert":
		return s.insertNode(e, c)
	case "edit":
		return s.updateNode(e, c)
	case "move":
		return s.moveNode(e, c)
	default:
		return s.deleteNode(e, c)
	}
}

func (s *Server) insertNode(e *edit, c *dynalist.NodeChange) error {
	p := e.d.nodes[c.ParentID]
	if p == nil {
		return nodeNotFound(c.ParentID)
	}
	n := e.create(s.cfg.NewID())
	n.set(c)
	e.place(n, p, s.index(e, p, c.Index))
	return nil
}

func (s *Server) updateNode(e *edit, c *dynalist.NodeChange) error {
	n := e.d.nodes[c.NodeID]
	if n == nil {
		return nodeNotFound(c.NodeID)
	}
	if n == e.d.root && c.Content != nil {
		if s.safe() && *c.Content != e.f.Title {
			return refuse(dynalist.CodeInvalid, "a document is renamed by file/edit")
		}
		title := *c
		title.Content = nil
		c = &title
	}
	e.keep(n)
	n.set(c)
	n.modified = e.w.now
	e.touch(n)
	return nil
}

// set takes over the fields that c has. An insert into an empty node and an
// edit are the same thing: what is absent stays (F8).
func (n *node) set(c *dynalist.NodeChange) {
	if c.Content != nil {
		n.content = *c.Content
	}
	if c.Note != nil {
		n.note = *c.Note
	}
	if c.Checked != nil {
		n.checked = *c.Checked
	}
	if c.Checkbox != nil {
		n.checkbox = *c.Checkbox
	}
	if c.Heading != nil {
		n.heading = uint8(*c.Heading)
	}
	if c.Color != nil {
		n.color = uint8(*c.Color)
	}
}

func (s *Server) moveNode(e *edit, c *dynalist.NodeChange) error {
	n, p := e.d.nodes[c.NodeID], e.d.nodes[c.ParentID]
	switch {
	case c.NodeID == rootID && s.safe():
		return refuse(dynalist.CodeInvalid, "the root cannot be moved")
	case c.NodeID == rootID:
		return s.lockAccount()
	case n == nil || n.parent == nil: // unknown, or an orphan
		return nodeNotFound(c.NodeID)
	case p == nil:
		return s.moveElsewhere(e, c)
	case s.safe() && e.d.within(p, n):
		return refuse(dynalist.CodeInvalid, "a node cannot be moved below itself")
	}
	i := s.index(e, p, c.Index)
	e.take(n)
	e.place(n, p, min(i, len(p.children)))
	return nil
}

// moveElsewhere is a move to a parent that this document does not have (F12).
func (s *Server) moveElsewhere(e *edit, c *dynalist.NodeChange) error {
	if s.safe() || s.cfg.Switches.CrossMoveFails {
		return nodeNotFound(c.ParentID)
	}
	for id := range s.tree.byID {
		if s.tree.document(id) == nil || id == e.d.id {
			continue
		}
		d, err := s.document(e.w.tx, id)
		if err != nil {
			return err
		}
		if d.nodes[c.ParentID] != nil {
			return nil
		}
	}
	return nodeNotFound(c.ParentID)
}

// lockAccount is what the service does when a root is moved (F5).
func (s *Server) lockAccount() error {
	s.locked = true
	return refuse(dynalist.CodeLockFail, "could not handle it")
}

func (s *Server) deleteNode(e *edit, c *dynalist.NodeChange) error {
	n := e.d.nodes[c.NodeID]
	switch {
	case n == e.d.root && s.safe():
		return refuse(dynalist.CodeInvalid, "the root cannot be deleted")
	case n == e.d.root:
		return nil
	case n == nil && s.safe() && e.deleted(c.NodeID):
		return nil // with its parent, or by an earlier request
	case n == nil:
		return nodeNotFound(c.NodeID)
	case s.safe():
		return e.removeTree(n)
	}
	return e.removeOne(n)
}

func nodeNotFound(id string) *refusal {
	return refuse(dynalist.CodeNodeNotFound, "no node %q", id)
}

// index returns where a node goes in the children of p, before it is taken
// from where it was. In profile compat -1 means the end as it was before the
// batch (F6).
func (s *Server) index(e *edit, p *node, i *int) int {
	n := len(p.children)
	switch {
	case i == nil && s.cfg.Switches.NoIndexFirst:
		return 0
	case i == nil:
		return n
	case *i >= 0:
		return min(*i, n)
	case s.safe():
		return n
	}
	if before, ok := e.before[p]; ok {
		return min(before, n)
	}
	return n
}

// edit prepares changes to a document.
func (s *Server) edit(w *write, f *file) (*edit, error) {
	d, err := s.document(w.tx, f.id)
	if err != nil {
		return nil, err
	}
	b := docBucket(w.tx, f.id)
	e := &edit{
		w: w, f: f, d: d, version: f.version + 1,
		doc: b, nodes: b.Bucket([]byte(bucketNodes)), gone: b.Bucket([]byte(bucketGone)),
		before: map[*node]int{}, dirty: map[*node]struct{}{}, cut: map[string]*node{}, ids: []string{},
	}
	e.nodes.FillPercent = fillPercent
	return e, nil
}

// fillPercent suits nodes that are added behind all others.
const fillPercent = 0.9

// edit is a batch of changes to one document: made in memory step by step,
// each step with its undo, then written by finish.
type edit struct {
	w       *write
	f       *file
	d       *document
	version int64 // that the document will have

	doc, nodes, gone *bbolt.Bucket

	before map[*node]int      // number of children before the batch, of parents that it touched
	dirty  map[*node]struct{} // whose records must be written
	ids    []string           // of new nodes
	cut    map[string]*node   // the deleted nodes
}
