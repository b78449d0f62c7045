package web

import (
	"outlast/internal/outline"
	"outlast/store"
)

// defaultLines is how many lines ls gives when not told otherwise.
const defaultLines = 1000

func (a *api) ls(s session, r LsRequest) (LsResult, error) {
	res := LsResult{Lines: []Line{}}
	err := a.view(func(tx *store.Tx) error {
		find, err := newResolver(tx, s.terminal)
		if err != nil {
			return err
		}
		l := lister{tx: tx, files: find.files, depth: max(r.Depth, 1), limit: r.Limit}
		if l.limit <= 0 {
			l.limit = defaultLines
		}
		if r.Pending {
			l.only = func(state string) bool { return state != "" }
		}
		if r.Name != "" {
			t, err := find.find(r.Name, wantAny)
			if err != nil {
				return err
			}
			ref := t.ref()
			res.Of = &ref
			err = l.target(t, r.Pending)
			res.Lines, res.More = append(res.Lines, l.lines...), l.more
			return err
		}
		err = l.everything(r.Pending)
		res.Lines, res.More = append(res.Lines, l.lines...), l.more
		return err
	})
	if err != nil {
		a.remember(s.terminal, nil) // whoever asked for another list does not mean the old numbers
		return res, err
	}
	res.Numbered = a.remember(s.terminal, res.Lines)
	return res, nil
}

// lister collects lines.
type lister struct {
	tx    *store.Tx
	files *outline.Files
	depth int
	limit int
	only  func(state string) bool // nil for all
	lines []Line
	more  int
}

func (l *lister) add(line Line) {
	if l.only != nil && !l.only(line.State) {
		return
	}
	if len(l.lines) >= l.limit {
		l.more++
		return
	}
	l.lines = append(l.lines, line)
}

// everything lists folders and documents; of edits not yet shown, those of all
// documents.
func (l *lister) everything(pending bool) error {
	if !pending {
		return l.folder(l.files.File(l.files.Root), 0)
	}
	for f := range l.files.Documents() {
		if err := l.document(f, pending); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) target(t target, pending bool) error {
	if t.isFolder() {
		return l.folder(t.file, 0)
	}
	states, err := nodeStates(l.tx, t.file.ID)
	if err != nil {
		return err
	}
	depth := l.depth
	if pending {
		depth = 1 << 30 // what is hidden deep below counts too
	}
	l.nodes(t, states, depth)
	return nil
}

func (l *lister) document(f *outline.File, pending bool) error {
	d, err := l.tx.Document(f.ID)
	if err != nil {
		return err
	}
	return l.target(target{file: f, doc: d, node: d.Root()}, pending)
}

// folder lists files below a folder, down to the depth asked for.
func (l *lister) folder(folder *outline.File, depth int) error {
	states, err := fileStates(l.tx)
	if err != nil {
		return err
	}
	type item struct {
		id    outline.FileID
		depth int
	}
	var stack []item
	push := func(f *outline.File, depth int) {
		for i := len(f.Children) - 1; i >= 0 && depth < l.depth; i-- {
			stack = append(stack, item{f.Children[i], depth})
		}
	}
	for push(folder, depth); len(stack) > 0; {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		f := l.files.File(top.id)
		if f == nil {
			continue
		}
		line, err := l.fileLine(f, top.depth)
		if err != nil {
			return err
		}
		line.State = states[f.ID]
		l.add(line)
		push(f, top.depth+1)
	}
	return nil
}

func (l *lister) fileLine(f *outline.File, depth int) (Line, error) {
	line := Line{Kind: KindFolder, Doc: f.ID, Depth: depth, Text: f.Title, Children: len(f.Children)}
	if f.Kind == outline.FolderKind {
		return line, nil
	}
	d, err := l.tx.Document(f.ID)
	if err != nil {
		return line, err
	}
	line.Kind, line.Node, line.Children = KindDocument, outline.RootID, d.Root().ChildCount()
	return line, nil
}

// nodes lists what is below a node, down to a depth.
func (l *lister) nodes(t target, states map[outline.NodeID]string, depth int) {
	level := 0
	for n := t.node.First(); n != nil; {
		line := nodeLine(t.file, n, level)
		line.State = states[n.ID]
		l.add(line)
		if n.First() != nil && level+1 < depth {
			n, level = n.First(), level+1
			continue
		}
		for n != t.node && n.Next() == nil {
			n, level = n.Parent(), level-1
		}
		if n == t.node {
			return
		}
		n = n.Next()
	}
}

func nodeLine(f *outline.File, n *outline.Node, depth int) Line {
	return Line{
		Kind: KindNode, Doc: f.ID, Node: n.ID, Depth: depth,
		Text: n.Content, Note: n.Note, Checked: n.Checked, Checkbox: n.Checkbox,
		Heading: n.Heading, Color: n.Color, Children: n.ChildCount(),
	}
}
