package dynalist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"outlast/internal/outline"
	"outlast/sync"
)

// The service's limits for one request, kept with a margin: changes past about
// 500 were seen to be dropped in silence.
const (
	defaultMaxChanges = 200
	defaultMaxBody    = 256 << 10 // bytes; one change alone may be larger
)

// root is the root node of every document: moving it locks the whole account,
// and deleting it has no effect.
const root = outline.ServiceID(outline.RootID)

// encode returns v as the bytes of a request: the same value gives the same
// bytes, so that a request can be repeated under its id.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// nodeChanges puts the steps of an edit into the service's words, and refuses
// what must never be sent.
func nodeChanges(steps []sync.Step) ([]NodeChange, error) {
	changes := make([]NodeChange, 0, len(steps))
	last := make(map[outline.ServiceID]bool) // parents with an index of -1
	for i, s := range steps {
		c, err := nodeChange(s)
		if err == nil && s.Index < 0 && c.Index != nil {
			err = lastOnce(s, last)
		}
		if err != nil {
			return nil, fmt.Errorf("change %d, %s: %w", i+1, s.Kind, err)
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// lastOnce accepts the index -1, for the last place, once per parent: the
// service looks it up before it applies anything, so a second one would land in
// front of the first.
func lastOnce(s sync.Step, last map[outline.ServiceID]bool) error {
	if s.Index != -1 || last[s.Parent] {
		return fmt.Errorf("index %d: %w", s.Index, outline.ErrInvalid)
	}
	last[s.Parent] = true
	return nil
}

func nodeChange(s sync.Step) (NodeChange, error) {
	c := NodeChange{Action: string(s.Kind)}
	if err := checkStep(s); err != nil {
		return c, err
	}
	if s.Kind != outline.Insert {
		c.NodeID = string(s.Node)
	}
	if s.Kind == outline.Insert || s.Kind == outline.Move {
		c.ParentID, c.Index = string(s.Parent), &s.Index
	}
	switch s.Kind {
	case outline.Insert:
		c.set(s.Fields, outline.Content|outline.Fields{}.Differ(s.Fields))
	case outline.Update:
		c.set(s.Fields, s.Mask)
	}
	return c, nil
}

// checkStep refuses a step that makes no sense or does harm.
func checkStep(s sync.Step) error {
	needsNode, needsParent := true, false
	switch s.Kind {
	case outline.Insert:
		needsNode, needsParent = false, true
	case outline.Move:
		needsParent = true
	case outline.Update, outline.Delete:
	default:
		return fmt.Errorf("unknown kind: %w", outline.ErrInvalid)
	}
	switch {
	case needsNode && !validID(s.Node), needsParent && !validID(s.Parent):
		return fmt.Errorf("a missing or broken id: %w", outline.ErrInvalid)
	case s.Node == root && (s.Kind == outline.Move || s.Kind == outline.Delete):
		return outline.ErrRoot
	case s.Node == root && s.Kind == outline.Update && s.Mask&outline.Content != 0:
		return fmt.Errorf("the root's content is the file's title: %w", outline.ErrInvalid)
	case s.Kind == outline.Update && s.Mask&outline.Editable == 0:
		return fmt.Errorf("nothing to edit: %w", outline.ErrInvalid)
	}
	return s.Fields.Validate()
}

func validID(id outline.ServiceID) bool { return id != "" && utf8.ValidString(string(id)) }

// set takes over the fields in m that the service takes.
func (c *NodeChange) set(f outline.Fields, m outline.Mask) {
	if m&outline.Content != 0 {
		c.Content = &f.Content
	}
	if m&outline.Note != 0 {
		c.Note = &f.Note
	}
	if m&outline.Checked != 0 {
		c.Checked = &f.Checked
	}
	if m&outline.Checkbox != 0 {
		c.Checkbox = &f.Checkbox
	}
	if m&outline.Heading != 0 {
		c.Heading = new(int(f.Heading))
	}
	if m&outline.Color != 0 {
		c.Color = new(int(f.Color))
	}
}

// fileChanges is nodeChanges for files. canDelete tells that the server takes
// deletions, which the service itself does not know.
func fileChanges(steps []sync.FileStep, canDelete bool) ([]FileChange, error) {
	changes := make([]FileChange, 0, len(steps))
	for i, s := range steps {
		if err := checkFileStep(s, canDelete); err != nil {
			return nil, fmt.Errorf("change %d, %s: %w", i+1, s.Kind, err)
		}
		changes = append(changes, fileChange(s))
	}
	return changes, nil
}

func fileChange(s sync.FileStep) FileChange {
	c := FileChange{Action: string(s.Kind), Type: string(s.Type)}
	if s.Kind == outline.Insert {
		c.Action = "create"
	} else {
		c.FileID = string(s.File)
	}
	if s.Kind == outline.Insert || s.Kind == outline.Move {
		c.ParentID, c.Index = string(s.Parent), &s.Index
	}
	if s.Kind == outline.Update || s.Kind == outline.Insert && s.Title != "" {
		c.Title = &s.Title
	}
	return c
}

func checkFileStep(s sync.FileStep, canDelete bool) error {
	needsFile, needsParent := true, false
	switch s.Kind {
	case outline.Insert:
		needsFile, needsParent = false, true
	case outline.Move:
		needsParent = true
	case outline.Update:
	case outline.Delete:
		if !canDelete {
			return fmt.Errorf("this service cannot delete files: %w", outline.ErrInvalid)
		}
	default:
		return fmt.Errorf("unknown kind: %w", outline.ErrInvalid)
	}
	switch {
	case s.Type != outline.FolderKind && s.Type != outline.DocumentKind:
		return fmt.Errorf("unknown type of file: %w", outline.ErrInvalid)
	case needsFile && !validID(s.File), needsParent && !validID(s.Parent):
		return fmt.Errorf("a missing or broken id: %w", outline.ErrInvalid)
	case needsParent && s.Index < 0: // documented as the end, seen to be the start
		return fmt.Errorf("index %d: %w", s.Index, outline.ErrInvalid)
	case !utf8.ValidString(s.Title):
		return fmt.Errorf("title is not UTF-8: %w", outline.ErrInvalid)
	}
	return nil
}
