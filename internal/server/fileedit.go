package server

import (
	"slices"

	"outlast/internal/dynalist"
)

// listed is an element of file/list's files; folders always tell their
// children.
type listed struct {
	ID         string    `json:"id"`
	Title      string    `json:"title"`
	Type       string    `json:"type"`
	Permission int       `json:"permission"`
	Children   *[]string `json:"children,omitempty"`
}

type fileListed struct {
	dynalist.Envelope
	RootFileID string   `json:"root_file_id"`
	Files      []listed `json:"files"`
}

func (s *Server) fileList(c call, _ *tokenOnly) answer {
	if no := s.admit(c); no != nil {
		return no.answer()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := fileListed{Envelope: success(), RootFileID: s.tree.root}
	queue := []string{s.tree.root}
	for len(queue) > 0 {
		f := s.tree.byID[queue[0]]
		queue = queue[1:]
		a.Files = append(a.Files, s.listed(f))
		queue = append(queue, s.visible(f)...)
	}
	return reply(a)
}

func (s *Server) listed(f *file) listed {
	l := listed{ID: f.id, Title: f.Title, Type: f.Kind, Permission: f.Permission}
	if f.id == s.tree.root && s.cfg.Switches.RootType != "" {
		l.Type = s.cfg.Switches.RootType // F16
	}
	if f.Kind == kindFolder {
		children := s.visible(f)
		l.Children = &children
	}
	return l
}

// visible returns the children that the account may see (F20).
func (s *Server) visible(f *file) []string {
	ids := []string{}
	for _, id := range f.Children {
		if s.tree.byID[id].Permission > permNone {
			ids = append(ids, id)
		}
	}
	return ids
}

type fileEdited struct {
	dynalist.Envelope
	Results   []bool    `json:"results"`
	Created   *[]string `json:"created,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
}

func (s *Server) fileEdit(c call, q *dynalist.FileEditRequest) answer {
	if no := s.checkFileChanges(q.Changes); no != nil {
		return no.answer()
	}
	ch := change{call: c, requestID: s.honoured(q.RequestID), body: q}
	return s.perform(ch, func(w *write) (any, error) {
		a := &fileEdited{Envelope: success(), Results: []bool{}, RequestID: ch.requestID}
		created := []string{}
		for i := range q.Changes {
			id, ok, err := s.applyFile(w, &q.Changes[i])
			if err != nil {
				return nil, err
			}
			a.Results = append(a.Results, ok)
			if ok && q.Changes[i].Action == "create" {
				created = append(created, id)
			}
		}
		if len(created) > 0 || s.safe() { // F17
			a.Created = &created
		}
		return a, nil
	})
}

// checkFileChanges refuses what is wrong whatever files there are.
func (s *Server) checkFileChanges(changes []dynalist.FileChange) *refusal {
	if len(changes) > maxChanges {
		return refuse(dynalist.CodeInvalid, "more than %d changes", maxChanges)
	}
	for i, c := range changes {
		switch c.Action {
		case "create", "edit", "move":
		case "delete":
			if !s.safe() { // F12
				return refuse(dynalist.CodeInvalid, "change %d: files cannot be deleted", i)
			}
		default:
			return refuse(dynalist.CodeInvalid, "change %d: unknown action", i)
		}
		if c.Type != kindFolder && c.Type != kindDocument {
			return refuse(dynalist.CodeInvalid, "change %d: type is neither %q nor %q", i, kindFolder, kindDocument)
		}
		if c.Index != nil && *c.Index < -1 {
			return refuse(dynalist.CodeInvalid, "change %d: index is below -1", i)
		}
	}
	return nil
}

// applyFile makes one change. A change that cannot be made is false, no error.
func (s *Server) applyFile(w *write, c *dynalist.FileChange) (id string, ok bool, err error) {
	if c.Action == "create" {
		return s.createFile(w, c)
	}
	f := s.tree.living(c.FileID)
	if f == nil || f.Kind != c.Type || f.Permission < permEdit {
		return "", false, nil
	}
	switch c.Action {
	case "edit":
		ok, err = s.renameFile(w, f, c.Title)
	case "move":
		ok, err = s.moveFile(w, f, c)
	default:
		ok, err = s.deleteFile(w, f)
	}
	return f.id, ok, err
}

// folder returns a folder that files may be put into, or nil.
func (s *Server) folder(id string) *file {
	f := s.tree.living(id)
	if f == nil || f.Kind != kindFolder || f.Permission < permEdit {
		return nil
	}
	return f
}

func (s *Server) createFile(w *write, c *dynalist.FileChange) (string, bool, error) {
	p := s.folder(c.ParentID)
	if p == nil {
		return "", false, nil
	}
	f := &file{id: s.cfg.NewID(), Kind: c.Type, Title: titleOr(c.Title), Permission: permOwner}
	if f.Kind == kindDocument {
		f.version = firstVersion
		if err := createDocument(w.tx, f.id, w.now); err != nil {
			return "", false, err
		}
	}
	s.keepFile(w, p)
	s.tree.byID[f.id] = f
	w.onUndo(func() { delete(s.tree.byID, f.id) })
	s.tree.insert(f, p, s.fileIndex(p, c.Index))
	return f.id, true, putFiles(w, f, p)
}

// titleOr gives files without a title the one that the service gives (F19).
func titleOr(title *string) string {
	if title == nil || *title == "" {
		return "Untitled"
	}
	return *title
}

func (s *Server) fileIndex(p *file, i *int) int {
	n := len(p.Children)
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
	return 0 // F12
}

func (s *Server) renameFile(w *write, f *file, title *string) (bool, error) {
	if f.id == s.tree.root {
		return false, nil
	}
	s.keepFile(w, f)
	f.Title = titleOr(title)
	if err := putFiles(w, f); err != nil {
		return false, err
	}
	if d := s.docs[f.id]; d != nil {
		d.forgetBody()
	}
	if f.Kind != kindDocument || !s.safe() && !s.cfg.Switches.RenameBumps {
		return true, nil
	}
	e, err := s.edit(w, f)
	if err != nil {
		return false, err
	}
	e.touch(e.d.root) // it shows the title
	return true, e.finish()
}

func (s *Server) moveFile(w *write, f *file, c *dynalist.FileChange) (bool, error) {
	to := s.folder(c.ParentID)
	if to == nil || s.tree.within(to.id, f.id) {
		return false, nil
	}
	from := s.folder(f.Parent)
	if from == nil { // the root folder, or one that may not be changed
		return false, nil
	}
	s.keepFile(w, f)
	s.keepFile(w, from)
	s.keepFile(w, to)
	s.tree.take(f)
	s.tree.insert(f, to, s.fileIndex(to, c.Index))
	return true, putFiles(w, f, from, to)
}

// deleteFile takes a file out of the tree. What it holds is kept for a while.
func (s *Server) deleteFile(w *write, f *file) (bool, error) {
	if f.id == s.tree.root || len(f.Children) > 0 || f.Permission < permManage {
		return false, nil
	}
	p := s.folder(f.Parent)
	if p == nil {
		return false, nil
	}
	s.keepFile(w, f)
	s.keepFile(w, p)
	s.tree.take(f)
	f.Deleted = w.now
	return true, putFiles(w, f, p)
}

// keepFile notes how f is, which is about to change.
func (s *Server) keepFile(w *write, f *file) {
	old := *f
	old.Children = slices.Clone(f.Children)
	w.onUndo(func() {
		version := f.version // has an undo of its own
		*f = old
		f.version = version
	})
}

func putFiles(w *write, files ...*file) error {
	for _, f := range files {
		if err := putFile(w.tx, f); err != nil {
			return err
		}
	}
	return nil
}
