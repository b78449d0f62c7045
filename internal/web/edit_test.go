package web

import (
	"strings"
	"testing"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

func TestAdd(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work", "a", "c")
	w.add("Work/a", "deep", " deeper", "deep too")
	must(w.Add(t.Context(), AddRequest{Parent: "Work", Top: true, Items: items([]string{"first", "second"})}))(t)
	must(w.Add(t.Context(), AddRequest{Parent: "Work", After: "a", Items: items([]string{"b1", " in", "b2"})}))(t)
	w.wantTree(doc, "first", "second", "a", " deep", "  deeper", " deep too", "b1", " in", "b2", "c")
}

func TestAddTellsTheIDThatShowsIt(t *testing.T) {
	w := newWorld(t)
	w.doc("Work")
	r := w.add("Work", "x", " y")
	if len(r.Refs) != 1 || r.Nodes != 2 || r.Ops != 2 || strings.Join(r.Refs[0].Path, "/") != "Work/x" {
		t.Fatalf("got %+v", r)
	}
	if got := must(w.Resolve(t.Context(), string(r.Refs[0].Node)))(t); got.Ref.Text != "x" {
		t.Errorf("id finds %q", got.Ref.Text)
	}
}

// TestRepeatIsHarmless: an answer may be lost, and the caller asks again.
func TestRepeatIsHarmless(t *testing.T) {
	w := newWorld(t)
	a, b := w.doc("A", "one", " two", "three"), w.doc("B", "x")
	ctx := t.Context()
	ch := func() Change { return Change{Group: NewGroup(), Confirm: true} }
	text := "other"
	type caller func(Change) (ChangeResult, error)
	for _, c := range []struct {
		name string
		call caller
	}{
		{"add", func(c Change) (ChangeResult, error) {
			return w.Add(ctx, AddRequest{Change: c, Parent: "B", Items: items([]string{"n", " m"}), Top: true})
		}},
		{"add file", func(c Change) (ChangeResult, error) {
			return w.AddFile(ctx, AddFileRequest{Change: c, Kind: KindFolder, Title: "F"})
		}},
		{"edit", func(c Change) (ChangeResult, error) {
			return w.Edit(ctx, EditRequest{Change: c, Name: "A/three", Text: &text})
		}},
		{"rename", func(c Change) (ChangeResult, error) {
			return w.Edit(ctx, EditRequest{Change: c, Name: "B", Text: &text})
		}},
		{"cross", func(c Change) (ChangeResult, error) {
			return w.Move(ctx, MoveRequest{Change: c, Name: "A/one", Parent: "id:" + string(b)})
		}},
	} {
		name, call := c.name, c.call
		group := ch()
		first, err := call(group)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		ops, treeA, treeB := w.ops(), w.tree(a), w.tree(b)
		again, err := call(group)
		if err != nil || !again.Repeated || again.Ops != first.Ops || again.Crossed != first.Crossed {
			t.Errorf("%s: repeat gave %+v, %v; first %+v", name, again, err, first)
		}
		if len(again.Refs) == 0 || again.Refs[0].Doc != first.Refs[0].Doc && name != "cross" {
			t.Errorf("%s: refs %+v, first %+v", name, again.Refs, first.Refs)
		}
		if w.ops() != ops || w.tree(a) != treeA || w.tree(b) != treeB {
			t.Errorf("%s: the repeat changed something", name)
		}
	}
	group := ch()
	for range 3 {
		must(w.Remove(ctx, RemoveRequest{Change: group, Names: []string{"A/other"}}))(t)
	}
	w.wantTree(a)
}

func TestGroupMustBeULID(t *testing.T) {
	w := newWorld(t)
	w.doc("Work")
	_, err := w.Add(t.Context(), AddRequest{Change: Change{Group: "x"}, Parent: "Work", Items: items([]string{"a"})})
	wantError(t, err, outline.ErrInvalid)
}

func TestEditChangesOnlyWhatIsGiven(t *testing.T) {
	w := newWorld(t)
	w.doc("Work", "a")
	note, two, yes := "a note", uint8(2), true
	must(w.Edit(t.Context(), EditRequest{Name: "Work/a", Note: &note, Heading: &two, Checkbox: &yes}))(t)
	text := "b"
	must(w.Edit(t.Context(), EditRequest{Name: "Work/a", Text: &text}))(t)
	l := must(w.Ls(t.Context(), LsRequest{Name: "Work"}))(t).Lines[0]
	if l.Text != "b" || l.Note != note || l.Heading != 2 || !l.Checkbox || l.State != "pending" {
		t.Errorf("got %+v", l)
	}
	ops := w.ops()
	if r := must(w.Edit(t.Context(), EditRequest{Name: "Work/b", Text: &text}))(t); r.Ops != 0 || w.ops() != ops {
		t.Errorf("an edit to the same text was recorded: %+v", r)
	}
}

func TestEditRenamesDocument(t *testing.T) {
	w := newWorld(t)
	w.doc("Work", "a")
	title := "Office"
	r := must(w.Edit(t.Context(), EditRequest{Name: "Work", Text: &title}))(t)
	if r.Refs[0].Title != title {
		t.Errorf("got %+v", r.Refs)
	}
	if got := must(w.Resolve(t.Context(), "Office/a"))(t); got.Ref.Title != title {
		t.Errorf("got %+v", got)
	}
}

func TestEditorsTextIsNotSavedOverANewerOne(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work", "a")
	text := "mine"
	_, err := w.Edit(t.Context(), EditRequest{Name: "Work/a", Text: &text, If: &Texts{Text: "older"}})
	wantError(t, err, ErrStale)
	w.wantTree(doc, "a")

	note := "a note"
	must(w.Edit(t.Context(), EditRequest{Name: "Work/a", Note: &note}))(t)
	now := must(w.Resolve(t.Context(), "Work/a"))(t) // what an editor begins with
	must(w.Edit(t.Context(), EditRequest{Name: "Work/a", Text: &text, If: &Texts{Text: now.Ref.Text, Note: now.Note}}))(t)
	w.wantTree(doc, "mine")
}

func TestBadValuesAreRefused(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work", "a")
	ctx, nul, four, empty, lines := t.Context(), "a\x00b", uint8(4), " ", "a\nb"
	for name, err := range map[string]error{
		"nul":        fails(w.Edit(ctx, EditRequest{Name: "Work/a", Text: &nul})),
		"heading":    fails(w.Edit(ctx, EditRequest{Name: "Work/a", Heading: &four})),
		"nul in add": fails(w.Add(ctx, AddRequest{Parent: "Work", Items: []NewNode{{Text: nul}}})),
		"no items":   fails(w.Add(ctx, AddRequest{Parent: "Work"})),
		"depth":      fails(w.Add(ctx, AddRequest{Parent: "Work", Items: []NewNode{{Depth: 1}}})),
		"depth jump": fails(w.Add(ctx, AddRequest{Parent: "Work", Items: []NewNode{{}, {Depth: 2}}})),
		"title":      fails(w.AddFile(ctx, AddFileRequest{Kind: KindDocument, Title: empty})),
		"line end":   fails(w.Edit(ctx, EditRequest{Name: "Work", Text: &lines})),
		"kind":       fails(w.AddFile(ctx, AddFileRequest{Kind: KindNode, Title: "x"})),
		"nobody":     fails(w.Check(ctx, CheckRequest{})),
		"document":   fails(w.Check(ctx, CheckRequest{Names: []string{"Work"}})),
		"two places": fails(w.Move(ctx, MoveRequest{Name: "Work/a", Parent: "Work", Top: true, After: "a"})),
	} {
		if !isCode(err, "invalid") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	w.wantTree(doc, "a")
}

func fails[T any](_ T, err error) error { return err }

func TestCheck(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work", "a", " b", "c")
	must(w.Check(t.Context(), CheckRequest{Names: []string{"Work/a", "Work/a/b", "Work/a"}}))(t)
	w.wantTree(doc, "a x", " b x", "c")
	must(w.Check(t.Context(), CheckRequest{Names: []string{"Work/a"}, Off: true}))(t)
	w.wantTree(doc, "a", " b x", "c")
}

func TestMove(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work", "a", " a1", "b", "c", "d")
	ctx := t.Context()
	for _, step := range []struct {
		r    MoveRequest
		want string
	}{
		{MoveRequest{Name: "Work/a", Parent: "Work"}, "b c d a  a1"},
		{MoveRequest{Name: "Work/a", Parent: "Work"}, "b c d a  a1"},
		{MoveRequest{Name: "Work/d", Parent: "Work", Top: true}, "d b c a  a1"},
		{MoveRequest{Name: "Work/d", Parent: "Work", After: "b"}, "b d c a  a1"},
		{MoveRequest{Name: "Work/a", Parent: "Work", Before: "Work/d"}, "b a  a1 d c"},
		{MoveRequest{Name: "Work/c", Parent: "Work/a", Top: true}, "b a  c  a1 d"},
		{MoveRequest{Name: "Work/a", Parent: "Work/b"}, "b  a   c   a1 d"},
	} {
		must(w.Move(ctx, step.r))(t)
		if got := strings.Join(strings.Split(w.tree(doc), "\n"), " "); got != step.want {
			t.Errorf("%+v: got %q, want %q", step.r, got, step.want)
		}
	}
	_, err := w.Move(ctx, MoveRequest{Name: "Work/b", Parent: "Work/b/a/c"})
	wantError(t, err, outline.ErrCycle)
	_, err = w.Move(ctx, MoveRequest{Name: "Work/b", Parent: "Work", After: "c"})
	wantError(t, err, outline.ErrNoNode)
}

func TestMoveAcrossDocuments(t *testing.T) {
	w := newWorld(t)
	from, to := w.doc("From", "a", " b", "  c", " d", "e"), w.doc("To", "x")
	r := must(w.Move(t.Context(), MoveRequest{Name: "From/a", Parent: "To", Top: true}))(t)
	if !r.Crossed || r.Nodes != 4 || r.Refs[0].Doc != to {
		t.Errorf("got %+v", r)
	}
	w.wantTree(from, "e")
	w.wantTree(to, "a", " b", "  c", " d", "x")
	w.wantHalves(from, to, 4)
	must(w.Undo(t.Context(), UndoRequest{}))(t)
	w.wantHalves(to, from, 4)
	w.wantTree(from, "a", " b", "  c", " d", "e")
	w.wantTree(to, "x")
}

// wantHalves fails unless the last n deletions in one document name as many
// insertions in another, and those name them.
func (w *world) wantHalves(from, to outline.FileID, n int) {
	w.t.Helper()
	type half struct {
		doc  outline.FileID
		node outline.NodeID
	}
	names := make(map[half]half)
	left := 2 * n
	view := w.db.View(func(tx *store.Tx) error {
		for r, err := range tx.History() {
			if err != nil || left == 0 {
				return err
			}
			left--
			if r.Copy == nil {
				w.t.Errorf("%s of %s names no other half", r.Node.Kind, r.Node.Node)
				continue
			}
			if want := map[outline.Kind]outline.FileID{outline.Delete: from, outline.Insert: to}[r.Node.Kind]; r.Doc != want {
				w.t.Errorf("%s in %s, want it in %s", r.Node.Kind, r.Doc, want)
			}
			names[half{r.Doc, r.Node.Node}] = half{r.Copy.Doc, r.Copy.Node}
		}
		return nil
	})
	if view != nil {
		w.t.Fatal(view)
	}
	for a, b := range names {
		if names[b] != a {
			w.t.Errorf("%v names %v, which names %v", a, b, names[b])
		}
	}
}

func TestMoveFiles(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	must(w.AddFile(ctx, AddFileRequest{Kind: KindFolder, Title: "F"}))(t)
	for _, title := range []string{"A", "B", "C"} {
		w.doc(title)
		must(w.Move(ctx, MoveRequest{Name: title, Parent: "F"}))(t)
	}
	order := func() string {
		var s []string
		for _, f := range must(w.Files(ctx))(t).Files {
			s = append(s, strings.Repeat(" ", f.Depth)+f.Title)
		}
		return strings.Join(s, ",")
	}
	must(w.Move(ctx, MoveRequest{Name: "C", Parent: "F", Top: true}))(t)
	must(w.Move(ctx, MoveRequest{Name: "A", Parent: "F", After: "B"}))(t)
	if got := order(); got != "F, C, B, A" {
		t.Errorf("got %s", got)
	}
	must(w.Move(ctx, MoveRequest{Name: "A", Parent: "F", Before: "B"}))(t)
	must(w.Move(ctx, MoveRequest{Name: "C", Parent: "/"}))(t)
	if got := order(); got != "F, A, B,C" {
		t.Errorf("got %s", got)
	}
	_, err := w.Move(ctx, MoveRequest{Name: "F", Parent: "F"})
	wantError(t, err, outline.ErrCycle)
}

func TestRemove(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work", "a", " b", "  c", "d")
	ctx := t.Context()
	r := must(w.Remove(ctx, RemoveRequest{Names: []string{"Work/a/b", "Work/a"}}))(t)
	if r.Nodes != 3 || len(r.Refs) != 1 {
		t.Errorf("got %+v", r)
	}
	w.wantTree(doc, "d")
	var trashed []string
	err := w.db.View(func(tx *store.Tx) error {
		for item, err := range tx.Trashed() {
			if err != nil {
				return err
			}
			for _, n := range item.Nodes {
				trashed = append(trashed, n.Content)
			}
		}
		return nil
	})
	if err != nil || strings.Join(trashed, "") != "abc" {
		t.Errorf("trash holds %v, %v", trashed, err)
	}
	for _, name := range []string{"Work", "/"} {
		if _, err := w.Remove(ctx, RemoveRequest{Names: []string{name}}); !isCode(err, "root") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRemoveOfManyAsks(t *testing.T) {
	w := newWorld(t)
	lines := []string{"a"}
	for range 20 {
		lines = append(lines, " x")
	}
	doc := w.doc("Work", lines...)
	before := w.tree(doc)
	_, err := w.Remove(t.Context(), RemoveRequest{Names: []string{"Work/a"}})
	wantError(t, err, ErrConfirm)
	r := must(w.Remove(t.Context(), RemoveRequest{Names: []string{"Work/a"}, Change: Change{DryRun: true}}))(t)
	if r.Nodes != 21 || !r.DryRun || w.tree(doc) != before {
		t.Errorf("dry run: %+v", r)
	}
	must(w.Remove(t.Context(), RemoveRequest{Names: []string{"Work/a"}, Change: Change{Confirm: true}}))(t)
	w.wantTree(doc)
}

// readOnly lists a document that the account may read and one it may edit.
func readOnly(t *testing.T, w *world) {
	t.Helper()
	err := w.db.Update(func(tx *store.Tx) error {
		files := outline.NewFiles("rootfolder")
		for id, p := range map[outline.FileID]outline.Permission{"readonly-doc": outline.Read, "editable-doc": outline.Edit} {
			f := outline.File{ID: id, Kind: outline.DocumentKind, Title: string(id), Permission: p}
			if err := files.Append(files.Root, f); err != nil {
				return err
			}
			d := outline.New(id, f.Title)
			d.Append(d.Root(), outline.NodeID("node-of-"+id), outline.Fields{Content: "item"})
			if _, err := tx.PutBase(d, nil, now()); err != nil {
				return err
			}
		}
		return tx.PutBaseFiles(files)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReadOnlyDocumentRefusesEveryChange(t *testing.T) {
	w := newWorld(t)
	readOnly(t, w)
	ctx, text := t.Context(), "x"
	ops := w.ops()
	for name, err := range map[string]error{
		"add":    fails(w.Add(ctx, AddRequest{Parent: "readonly-doc", Items: items([]string{"a"})})),
		"edit":   fails(w.Edit(ctx, EditRequest{Name: "readonly-doc/item", Text: &text})),
		"rename": fails(w.Edit(ctx, EditRequest{Name: "readonly-doc", Text: &text})),
		"check":  fails(w.Check(ctx, CheckRequest{Names: []string{"readonly-doc/item"}})),
		"rm":     fails(w.Remove(ctx, RemoveRequest{Names: []string{"readonly-doc/item"}})),
		"out":    fails(w.Move(ctx, MoveRequest{Name: "readonly-doc/item", Parent: "editable-doc"})),
		"in":     fails(w.Move(ctx, MoveRequest{Name: "editable-doc/item", Parent: "readonly-doc"})),
	} {
		if !isCode(err, "read_only") {
			t.Errorf("%s: got %v", name, err)
		}
		wantError(t, err, outline.ErrReadOnly)
	}
	if w.ops() != ops {
		t.Error("something was recorded")
	}
	must(w.Check(ctx, CheckRequest{Names: []string{"editable-doc/item"}}))(t)
}

func TestInbox(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.Inbox(ctx, InboxRequest{Text: "idea"})
	wantError(t, err, ErrNoInbox)
	doc := w.doc("Inbox", "old", " below")
	must(w.Inbox(ctx, InboxRequest{Text: "idea"}))(t)
	w.wantTree(doc, "old", " below", "idea")
	set := func(where string, top bool) {
		err := w.db.Update(func(tx *store.Tx) error {
			a, err := tx.Account()
			if err != nil {
				return err
			}
			a.Inbox, a.InboxTop = where, top
			if err := tx.BindFile(doc, "service-doc-id"); err != nil {
				return err
			}
			return tx.PutAccount(a)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	set("service-doc-id", true)
	must(w.Inbox(ctx, InboxRequest{Text: "top"}))(t)
	old := must(w.Resolve(ctx, "Inbox/old"))(t).Ref.Node
	bind(t, w.db, doc, string(old), "service-node-id")
	set("service-doc-id/service-node-id", false)
	must(w.Inbox(ctx, InboxRequest{Text: "inside"}))(t)
	w.wantTree(doc, "top", "old", " below", " inside", "idea")
	w.doc("inbox")
	set("gone", false)
	_, err = w.Inbox(ctx, InboxRequest{Text: "lost?"})
	if e := wantError(t, err, ErrNoInbox); len(e.Candidates) != 2 {
		t.Errorf("got %+v", e)
	}
}

func TestFullDatabaseIsSaidAndKeepsWhatItHas(t *testing.T) {
	w := worldOf(t, storetest.OpenWith(t, store.Options{NoSync: true, MaxSize: 1 << 20}))
	doc := w.doc("Work", "kept")
	_, err := w.Add(t.Context(), AddRequest{Parent: "Work", Items: items([]string{strings.Repeat("x", 2<<20)})})
	if e := wantError(t, err, store.ErrFull); e.Safe == "" || e.Next == "" {
		t.Errorf("got %+v", e)
	}
	w.wantTree(doc, "kept")
	w.add("Work", "small")
	w.wantTree(doc, "kept", "small")
}
