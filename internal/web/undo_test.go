package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

func TestUndoAndRedo(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	doc := w.doc("Work", "a", " b", "c")
	start := w.tree(doc)
	must(w.Remove(ctx, RemoveRequest{Names: []string{"Work/a"}}))(t)
	must(w.Check(ctx, CheckRequest{Names: []string{"Work/c"}}))(t)
	w.wantTree(doc, "c x")

	r := must(w.Undo(ctx, UndoRequest{N: 2}))(t)
	if len(r.Groups) != 2 || r.Groups[0].What != "check 1 item in Work" || r.Groups[1].What != "delete 2 items in Work" {
		t.Errorf("got %+v", r.Groups)
	}
	w.wantTree(doc, strings.Split(start, "\n")...)

	r = must(w.Undo(ctx, UndoRequest{Redo: true}))(t)
	if len(r.Groups) != 1 || r.Groups[0].What != "delete 2 items in Work" {
		t.Errorf("got %+v, want what was made again, not what that took back", r.Groups)
	}
	w.wantTree(doc, "c")
	must(w.Undo(ctx, UndoRequest{Redo: true}))(t)
	w.wantTree(doc, "c x")
	_, err := w.Undo(ctx, UndoRequest{Redo: true})
	wantError(t, err, ErrNothing)

	must(w.Undo(ctx, UndoRequest{}))(t)
	w.add("Work", "new") // a new edit ends what can be redone
	_, err = w.Undo(ctx, UndoRequest{Redo: true})
	wantError(t, err, ErrNothing)
	must(w.Undo(ctx, UndoRequest{N: 2}))(t)
	w.wantTree(doc, strings.Split(start, "\n")...)
}

// A request that is said again is answered in the same words as the first time.
func TestUndoRepeatedNamesTheSame(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work", "a", " b", "c")
	must(w.Remove(t.Context(), RemoveRequest{Names: []string{"Work/a"}}))(t)
	for _, redo := range []bool{false, true} {
		r := UndoRequest{Redo: redo, Change: Change{Group: NewGroup()}}
		first, again := must(w.Undo(t.Context(), r))(t), must(w.Undo(t.Context(), r))(t)
		if len(first.Groups) != 1 || len(again.Groups) != 1 || !again.Repeated ||
			first.Groups[0].What != again.Groups[0].What || first.Groups[0].Ops != again.Groups[0].Ops {
			t.Errorf("redo %v: got %+v, then %+v", redo, first, again)
		}
	}
	w.wantTree(doc, "c")
}

// A merge that puts a change between those of a command parts them: the command is
// taken back whole all the same, and after the ones that came later. Half of a move to
// another document would delete the item.
func TestUndoOfACommandInPieces(t *testing.T) {
	w := newWorld(t)
	from, to := w.doc("Work", "a", " b", "c"), w.doc("Home", "d")
	must(w.Move(t.Context(), MoveRequest{Name: "Work/a", Parent: "Home"}))(t)
	must(w.Check(t.Context(), CheckRequest{Names: []string{"Work/c"}}))(t)
	if err := w.db.Update(func(tx *store.Tx) error {
		log, err := tx.Log(to)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(log, func(r store.Record) bool { return r.Copy != nil })
		merged := store.Record{State: store.Pending, Op: store.Op{ID: "m", Group: "m", Actor: actorMerge, Doc: to, Node: &outline.Change{
			Kind: outline.Insert, Node: "m", To: outline.Place{Parent: outline.RootID}, New: outline.Fields{Content: "merged"},
		}}}
		return tx.ReplaceLog(to, slices.Insert(log, at+1, merged), nil)
	}); err != nil {
		t.Fatal(err)
	}
	w.wantTree(from, "c x")
	r := must(w.Undo(t.Context(), UndoRequest{}))(t)
	if len(r.Groups) != 1 || r.Groups[0].What != "check 1 item in Work" {
		t.Errorf("got %+v, want the last command", r.Groups)
	}
	must(w.Undo(t.Context(), UndoRequest{}))(t)
	w.wantTree(from, "a", " b", "c")
	w.wantTree(to, "d", "merged")
}

// A move to another document is told of as one, and so is what takes it back.
func TestMoveToAnotherDocumentIsDescribed(t *testing.T) {
	w := newWorld(t)
	w.doc("Work", "a", " b", " b", "c")
	w.doc("Home", "b")
	must(w.Move(t.Context(), MoveRequest{Name: "Work/a", Parent: "Home"}))(t)
	for _, redo := range []bool{false, true, false} {
		r := must(w.Undo(t.Context(), UndoRequest{Redo: redo}))(t)
		if len(r.Groups) != 1 || r.Groups[0].What != "move 3 items from Work to Home" {
			t.Errorf("redo %v: got %+v", redo, r.Groups)
		}
	}
}

func TestUndoSurvivesRestart(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work", "a")
	must(w.Remove(t.Context(), RemoveRequest{Names: []string{"Work/a"}}))(t)
	w = worldOf(t, storetest.Reopen(t, w.db))
	must(w.Undo(t.Context(), UndoRequest{}))(t)
	w.wantTree(doc, "a")
	w = worldOf(t, storetest.Reopen(t, w.db))
	must(w.Undo(t.Context(), UndoRequest{Redo: true}))(t)
	w.wantTree(doc)
	list := must(w.UndoList(t.Context(), UndoListRequest{}))(t)
	if len(list.Undo) != 3 || len(list.Redo) != 0 {
		t.Errorf("got %+v", list)
	}
}

func TestUndoRepeatedTakesBackOnce(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work")
	w.add("Work", "a")
	w.add("Work", "b")
	r := UndoRequest{Change: Change{Group: NewGroup()}}
	must(w.Undo(t.Context(), r))(t)
	if again := must(w.Undo(t.Context(), r))(t); !again.Repeated || len(again.Groups) != 1 {
		t.Errorf("got %+v", again)
	}
	w.wantTree(doc, "a")
	dry := must(w.Undo(t.Context(), UndoRequest{Change: Change{DryRun: true}, N: 5}))(t)
	if len(dry.Groups) != 2 {
		t.Errorf("dry run told of %d groups", len(dry.Groups))
	}
	w.wantTree(doc, "a")
}

// TestUndoOverAForeignChangeIsRefused: another device changed the item after
// us; taking our edit back would throw that away.
func TestUndoOverAForeignChangeIsRefused(t *testing.T) {
	text := "ours"
	const item = "node-of-editable-doc"
	for name, c := range map[string]struct {
		ours    func(*world) (ChangeResult, error)
		foreign outline.Change
		want    []string
	}{
		"text": {
			func(w *world) (ChangeResult, error) {
				return w.Edit(w.t.Context(), EditRequest{Name: "editable-doc/item", Text: &text})
			},
			outline.Change{Kind: outline.Update, Node: item, Mask: outline.Content, New: outline.Fields{Content: "theirs"}},
			[]string{"other", "theirs"},
		},
		"place": {
			func(w *world) (ChangeResult, error) {
				return w.Move(w.t.Context(), MoveRequest{Name: "editable-doc/item", Parent: "editable-doc", Top: true})
			},
			outline.Change{Kind: outline.Move, Node: item, To: outline.Place{Parent: "other-node"}},
			[]string{"other", " item"},
		},
		"deleted": {
			func(w *world) (ChangeResult, error) {
				return w.Check(w.t.Context(), CheckRequest{Names: []string{"editable-doc/item"}})
			},
			outline.Change{Kind: outline.Delete, Node: item},
			[]string{"other"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			readOnly(t, w)
			confirm(t, w.db, outline.Change{
				Kind: outline.Insert, Node: "other-node", To: outline.Place{Parent: outline.RootID, Right: item},
				New: outline.Fields{Content: "other"},
			})
			must(c.ours(w))(t)
			confirm(t, w.db, c.foreign)
			_, err := w.Undo(t.Context(), UndoRequest{})
			wantError(t, err, ErrStale)
			w.wantTree("editable-doc", c.want...)
		})
	}
}

// confirm plays a read of editable-doc that shows all our edits and one more
// change, made elsewhere.
func confirm(t *testing.T, db *store.DB, foreign outline.Change) {
	t.Helper()
	err := db.Update(func(tx *store.Tx) error {
		d, err := tx.Base("editable-doc")
		if err != nil {
			return err
		}
		var recs []store.Record
		for rec, err := range tx.Unconfirmed("editable-doc") {
			if err != nil {
				return err
			}
			if err := d.Apply(*rec.Node); err != nil {
				return err
			}
			rec.State = store.Confirmed
			recs = append(recs, rec)
		}
		if err := d.Apply(foreign); err != nil {
			return err
		}
		if _, err := tx.PutBase(d, nil, now()); err != nil {
			return err
		}
		return tx.ReplaceLog("editable-doc", nil, recs)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUndoOfADeletionBringsBackTheSameItem(t *testing.T) {
	w := newWorld(t)
	readOnly(t, w)
	before := w.fields("editable-doc")
	for range 2 {
		must(w.Remove(t.Context(), RemoveRequest{Names: []string{"editable-doc/item"}}))(t)
		must(w.Undo(t.Context(), UndoRequest{}))(t)
	}
	if got := w.fields("editable-doc"); got != before {
		t.Errorf("got\n%s\nwant\n%s", got, before)
	}
}

// A document that had been sent could not be taken back, and stood in the way of
// everything that was done before it; then it was passed over without a word, so
// that another command was taken back than the person meant.
func TestUndoStepsOverADocumentTheServiceHas(t *testing.T) {
	w := newWorld(t)
	other := w.doc("Other", "item")
	must(w.Edit(t.Context(), EditRequest{Name: "Other/item", Text: new("changed")}))(t)
	before := w.fields(other)
	doc := w.doc("Work")
	must(w.Undo(t.Context(), UndoRequest{}))(t)
	if n := len(must(w.Files(t.Context()))(t).Files); n != 1 {
		t.Errorf("%d files left, want the older one", n)
	}
	must(w.Undo(t.Context(), UndoRequest{Redo: true}))(t)
	err := w.db.Update(func(tx *store.Tx) error { return tx.BindFile(doc, "at-the-service") })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Undo(t.Context(), UndoRequest{}); !errors.Is(err, ErrConfirm) {
		t.Errorf("got %v, want a question", err)
	}
	if got := w.fields(other); got != before {
		t.Errorf("taken back without a question:\n%s", got)
	}
	must(w.Undo(t.Context(), UndoRequest{Change: Change{Confirm: true}}))(t)
	if got := w.fields(other); got == before || !strings.Contains(got, "item") {
		t.Errorf("the edit before it was not taken back:\n%s", got)
	}
	if n := len(must(w.Files(t.Context()))(t).Files); n != 2 {
		t.Errorf("%d files left, want both", n)
	}
}

// TestUndoOfEverythingRestores: whatever commands ran, taking all of them back
// restores the trees, and making them again restores what they had made.
func TestUndoOfEverythingRestores(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		docs := []outline.FileID{w.doc("A", "a", " b", "  c", "d"), w.doc("B", "e", " f")}
		snapshot := func() string { return w.fields(docs[0]) + "\n" + w.fields(docs[1]) }
		start := snapshot()
		done := 0
		for range rapid.IntRange(1, 12).Draw(rt, "commands") {
			if w.random(rt, docs) {
				done++
			}
		}
		end := snapshot()
		if done == 0 {
			return
		}
		for range done {
			must(w.Undo(t.Context(), UndoRequest{}))(t)
		}
		if got := snapshot(); got != start {
			rt.Fatalf("undo gave\n%s\nwant\n%s", got, start)
		}
		must(w.Undo(t.Context(), UndoRequest{N: done, Redo: true}))(t)
		if got := snapshot(); got != end {
			rt.Fatalf("redo gave\n%s\nwant\n%s", got, end)
		}
		k := rapid.IntRange(1, done).Draw(rt, "back")
		must(w.Undo(t.Context(), UndoRequest{N: k}))(t)
		must(w.Undo(t.Context(), UndoRequest{N: k, Redo: true}))(t)
		if got := snapshot(); got != end {
			rt.Fatalf("undo and redo gave\n%s\nwant\n%s", got, end)
		}
	})
}

// fields draws a document with ids and all fields.
func (w *world) fields(id outline.FileID) string {
	var b strings.Builder
	err := w.db.View(func(tx *store.Tx) error {
		d, err := tx.Document(id)
		if err != nil {
			return err
		}
		for depth, n := range d.Root().Walk() {
			fmt.Fprintf(&b, "%d %s %+v\n", depth, n.ID, n.Fields)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

// random runs one command on nodes at random and tells whether it recorded
// anything.
func (w *world) random(rt *rapid.T, docs []outline.FileID) bool {
	ctx := w.t.Context()
	pick := func(label string) string {
		var names []string
		for _, id := range docs {
			names = append(names, "id:"+string(id))
			for _, l := range must(w.Ls(ctx, LsRequest{Name: "id:" + string(id), Depth: 50}))(w.t).Lines {
				names = append(names, "id:"+string(l.Node))
			}
		}
		return rapid.SampledFrom(names).Draw(rt, label)
	}
	text := rapid.StringMatching(`[a-z]{1,3}`).Draw(rt, "text")
	var r ChangeResult
	var err error
	switch rapid.IntRange(0, 5).Draw(rt, "command") {
	case 0:
		r, err = w.Add(ctx, AddRequest{Parent: pick("parent"), Items: items([]string{text, " " + text}), Top: rapid.Bool().Draw(rt, "top")})
	case 1:
		r, err = w.Edit(ctx, EditRequest{Name: pick("node"), Text: &text, Note: &text})
	case 2:
		r, err = w.Check(ctx, CheckRequest{Names: []string{pick("node")}, Off: rapid.Bool().Draw(rt, "off")})
	case 3, 4:
		r, err = w.Move(ctx, MoveRequest{Name: pick("node"), Parent: pick("parent"), Top: rapid.Bool().Draw(rt, "top")})
	case 5:
		r, err = w.Remove(ctx, RemoveRequest{Names: []string{pick("node"), pick("node")}})
	}
	return err == nil && r.Ops > 0
}

// A command that no longer applies stands before all older ones: one of those can
// be named.
func TestUndoOfOneCommandPassesOneThatIsStale(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	readOnly(t, w)
	doc := w.doc("Work", "a", "b")
	must(w.Remove(ctx, RemoveRequest{Names: []string{"Work/a"}}))(t)
	must(w.Check(ctx, CheckRequest{Names: []string{"editable-doc/item"}}))(t)
	confirm(t, w.db, outline.Change{Kind: outline.Delete, Node: "node-of-editable-doc"})
	_, err := w.Undo(ctx, UndoRequest{})
	wantError(t, err, ErrStale)

	list := must(w.UndoList(ctx, UndoListRequest{}))(t).Undo
	r := must(w.Undo(ctx, UndoRequest{Only: list[1].Group}))(t)
	if len(r.Groups) != 1 || r.Groups[0].What != "delete 1 item in Work" {
		t.Errorf("took back %+v, want the deletion", r.Groups)
	}
	w.wantTree(doc, "a", "b")
	_, err = w.Undo(ctx, UndoRequest{Only: list[1].Group})
	wantError(t, err, ErrNothing)
}
