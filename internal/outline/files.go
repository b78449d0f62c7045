package outline

import (
	"fmt"
	"iter"
	"slices"
)

// FileKind tells folders from documents.
type FileKind string

// The kinds of File, in the words of the API.
const (
	FolderKind   FileKind = "folder"
	DocumentKind FileKind = "document"
)

// File is a folder or a document as the account's list shows it.
type File struct {
	ID         FileID     `json:"id"`
	Kind       FileKind   `json:"kind"`
	Title      string     `json:"title"`
	Permission Permission `json:"permission"`
	Parent     FileID     `json:"parent,omitempty"` // "" for the root folder
	Children   []FileID   `json:"children,omitempty"`
}

// Files is the account's tree of folders and documents.
type Files struct {
	Root FileID
	byID map[FileID]*File
}

// NewFiles returns a tree that consists of its root folder.
func NewFiles(root FileID) *Files {
	f := &File{ID: root, Kind: FolderKind, Permission: Owner}
	return &Files{Root: root, byID: map[FileID]*File{root: f}}
}

// File returns the file with this id, or nil.
func (t *Files) File(id FileID) *File { return t.byID[id] }

// Len returns the number of files, the root folder included.
func (t *Files) Len() int { return len(t.byID) }

// Clone returns a copy that shares nothing with t.
func (t *Files) Clone() *Files {
	c := &Files{Root: t.Root, byID: make(map[FileID]*File, len(t.byID))}
	for id, f := range t.byID {
		g := *f
		g.Children = slices.Clone(f.Children)
		c.byID[id] = &g
	}
	return c
}

// Append adds a last child to a folder. A reader builds the tree with it.
func (t *Files) Append(parent FileID, f File) error {
	p := t.byID[parent]
	switch {
	case p == nil || p.Kind != FolderKind:
		return fmt.Errorf("folder %s: %w", parent, ErrNoFile)
	case f.ID == "":
		return fmt.Errorf("empty file id: %w", ErrInvalid)
	case t.byID[f.ID] != nil:
		return fmt.Errorf("file %s: %w", f.ID, ErrExists)
	}
	f.Parent, f.Children = parent, nil
	t.byID[f.ID] = &f
	p.Children = append(p.Children, f.ID)
	return nil
}

// Walk yields every file below the root folder in preorder, with its depth: 0
// for the files of the root folder.
func (t *Files) Walk() iter.Seq2[int, *File] {
	return func(yield func(int, *File) bool) {
		type item struct {
			id    FileID
			depth int
		}
		var stack []item
		push := func(f *File, depth int) {
			for _, id := range slices.Backward(f.Children) {
				stack = append(stack, item{id, depth})
			}
		}
		push(t.byID[t.Root], 0)
		for len(stack) > 0 {
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			f := t.byID[top.id]
			if !yield(top.depth, f) {
				return
			}
			push(f, top.depth+1)
		}
	}
}

// Documents yields the documents in the order of the tree.
func (t *Files) Documents() iter.Seq[*File] {
	return func(yield func(*File) bool) {
		for _, f := range t.Walk() {
			if f.Kind == DocumentKind && !yield(f) {
				return
			}
		}
	}
}

// Path returns the titles from below the root folder down to the file.
func (t *Files) Path(id FileID) []string {
	var path []string
	for f := t.byID[id]; f != nil && f.ID != t.Root; f = t.byID[f.Parent] {
		path = append(path, f.Title)
	}
	slices.Reverse(path)
	return path
}

// FilePlace is where a file stands: below a folder, after a sibling or first.
type FilePlace struct {
	Parent FileID `json:"parent"`
	Left   FileID `json:"left,omitempty"`
}

// FileChange is one step of one file.
//
//	Insert  To, FileKind, NewTitle
//	Update  OldTitle, NewTitle
//	Move    From, To
//	Delete  From, FileKind, OldTitle; a folder is empty
type FileChange struct {
	Kind     Kind      `json:"kind"`
	File     FileID    `json:"file"`
	FileKind FileKind  `json:"file_kind,omitempty"`
	OldTitle string    `json:"old_title,omitempty"`
	NewTitle string    `json:"new_title,omitempty"`
	From     FilePlace `json:"from,omitzero"`
	To       FilePlace `json:"to,omitzero"`
}

// Inverse returns the change that takes c back.
func (c FileChange) Inverse() FileChange {
	i := c
	i.OldTitle, i.NewTitle = c.NewTitle, c.OldTitle
	i.From, i.To = c.To, c.From
	switch c.Kind {
	case Insert:
		i.Kind = Delete
	case Delete:
		i.Kind = Insert
	}
	return i
}

// Complete fills in what a change takes away, as t has it now.
func (t *Files) Complete(c FileChange) FileChange {
	f := t.byID[c.File]
	if f == nil || c.Kind == Insert {
		return c
	}
	switch c.Kind {
	case Update:
		c.OldTitle = f.Title
	case Move:
		c.From = t.PlaceOf(f)
	case Delete:
		c.From, c.FileKind, c.OldTitle = t.PlaceOf(f), f.Kind, f.Title
	}
	return c
}

// PlaceOf returns where f stands now.
func (t *Files) PlaceOf(f *File) FilePlace {
	p := FilePlace{Parent: f.Parent}
	if parent := t.byID[f.Parent]; parent != nil {
		if i := slices.Index(parent.Children, f.ID); i > 0 {
			p.Left = parent.Children[i-1]
		}
	}
	return p
}

// Last returns the last place in a folder.
func (t *Files) Last(folder FileID) FilePlace {
	p := FilePlace{Parent: folder}
	if f := t.byID[folder]; f != nil && len(f.Children) > 0 {
		p.Left = f.Children[len(f.Children)-1]
	}
	return p
}

// Apply makes the changes in order and stops at the first that is refused.
func (t *Files) Apply(changes ...FileChange) error {
	for _, c := range changes {
		if err := t.apply(c); err != nil {
			return fmt.Errorf("%s file %s: %w", c.Kind, c.File, err)
		}
	}
	return nil
}

func (t *Files) apply(c FileChange) error {
	if c.Kind == Insert {
		f := File{ID: c.File, Kind: c.FileKind, Title: c.NewTitle, Permission: Owner}
		if err := t.Append(c.To.Parent, f); err != nil {
			return err
		}
		t.put(t.byID[c.File], c.To)
		return nil
	}
	f := t.byID[c.File]
	switch {
	case f == nil:
		return ErrNoFile
	case f.ID == t.Root:
		return ErrRoot
	}
	switch c.Kind {
	case Update:
		f.Title = c.NewTitle
		return nil
	case Move:
		return t.move(f, c.To)
	case Delete:
		if len(f.Children) > 0 {
			return ErrNotEmpty
		}
		t.take(f)
		delete(t.byID, f.ID)
		return nil
	}
	return fmt.Errorf("kind %q: %w", c.Kind, ErrInvalid)
}

func (t *Files) move(f *File, to FilePlace) error {
	p := t.byID[to.Parent]
	if p == nil || p.Kind != FolderKind {
		return fmt.Errorf("folder %s: %w", to.Parent, ErrNoFile)
	}
	for a := p; a != nil; a = t.byID[a.Parent] {
		if a == f {
			return ErrCycle
		}
	}
	t.put(f, to)
	return nil
}

// put takes f from its folder and sets it after the left sibling of the place,
// or last when that sibling is not there.
func (t *Files) put(f *File, to FilePlace) {
	t.take(f)
	f.Parent = to.Parent
	p := t.byID[to.Parent]
	at := 0
	if to.Left != "" {
		at = len(p.Children)
		if i := slices.Index(p.Children, to.Left); i >= 0 {
			at = i + 1
		}
	}
	p.Children = slices.Insert(p.Children, at, f.ID)
}

func (t *Files) take(f *File) {
	p := t.byID[f.Parent]
	if i := slices.Index(p.Children, f.ID); i >= 0 {
		p.Children = slices.Delete(p.Children, i, i+1)
	}
}
