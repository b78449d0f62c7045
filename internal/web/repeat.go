package web

import (
	"outlast/internal/outline"
	"outlast/store"
)

// repeated answers a command whose group is known from what was recorded then,
// and tells whether it is one.
func (c *command) repeated() (bool, error) {
	var recs []store.Record
	for {
		rec, ok, err := c.tx.Known(c.group.op(len(recs)))
		if err != nil {
			return false, err
		}
		if !ok {
			break
		}
		recs = append(recs, rec)
	}
	if len(recs) == 0 {
		return false, nil
	}
	c.res.Repeated, c.res.Ops = true, len(recs)
	return true, c.recall(recs)
}

// recall describes what the records touched: of nodes below one another, the
// topmost. A node that has gone since is described by its record.
func (c *command) recall(recs []store.Record) error {
	touched := map[outline.NodeID]bool{}
	docs := map[outline.FileID]bool{}
	for _, rec := range recs {
		if rec.Node != nil {
			touched[rec.Node.Node] = true
			docs[rec.Doc] = true
		}
	}
	c.res.Nodes, c.res.Crossed = len(touched), len(docs) > 1
	for _, rec := range recs {
		ref, top, err := c.remembered(rec, touched)
		if err != nil {
			return err
		}
		if top {
			c.res.Refs = append(c.res.Refs, ref)
		}
	}
	return nil
}

// remembered describes one record, and tells whether no ancestor of its node
// was touched as well.
func (c *command) remembered(rec store.Record, touched map[outline.NodeID]bool) (Ref, bool, error) {
	if rec.File != nil {
		return c.rememberedFile(*rec.File), true, nil
	}
	ch := rec.Node
	t, ok, err := c.target(rec.Doc, ch.Node)
	if err != nil {
		return Ref{}, false, err
	}
	if ok {
		return t.ref(), !touched[parentOf(t.node)], nil
	}
	r := Ref{Kind: KindNode, Doc: rec.Doc, Node: ch.Node, Text: ch.Old.Content + ch.New.Content, Path: []string{}}
	if f := c.files.File(rec.Doc); f != nil {
		r.Title = f.Title
	}
	return r, !touched[ch.From.Parent], nil
}

func (c *command) rememberedFile(ch outline.FileChange) Ref {
	if f := c.files.File(ch.File); f != nil {
		return fileRef(f)
	}
	return Ref{Kind: KindFolder, Doc: ch.File, Title: ch.NewTitle, Text: ch.NewTitle, Path: []string{}}
}

func parentOf(n *outline.Node) outline.NodeID {
	if n.Parent() == nil {
		return ""
	}
	return n.Parent().ID
}

// fileRef describes a document or folder.
func fileRef(f *outline.File) Ref {
	r := Ref{Kind: KindFolder, Doc: f.ID, Title: f.Title, Text: f.Title, Path: []string{f.Title}}
	if f.Kind == outline.DocumentKind {
		r.Kind, r.Node = KindDocument, outline.RootID
	}
	return r
}
