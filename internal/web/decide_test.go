package web

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

const otherVersion = "⚠ other #conflict"

// decider is a world whose engine notes what it is told to decide.
func decider(t testing.TB) (*world, *[]string) {
	t.Helper()
	told := new([]string)
	db := storetest.OpenFast(t)
	h := NewHandler(Deps{
		DB: db, OtherVersion: otherVersion,
		Decide: func(_ *store.Tx, k store.Conflict, mine bool) error {
			*told = append(*told, fmt.Sprintf("%s %v", k.ID, mine))
			return nil
		},
		HeldItems: func(store.Conflict) ([]outline.NodeID, []outline.FileID, error) {
			return []outline.NodeID{"one", "two"}, nil, nil
		},
	})
	c := NewClient(InProcess(h))
	c.Terminal = "test"
	return &world{Client: c, t: t, db: db}, told
}

func (w *world) put(k store.Conflict) store.Conflict {
	w.t.Helper()
	k.ID, k.At = NewGroup(), now()
	if err := w.db.Update(func(tx *store.Tx) error { return tx.PutConflict(k) }); err != nil {
		w.t.Fatal(err)
	}
	return k
}

// node returns the id of the node with a text.
func (w *world) node(doc outline.FileID, text string) (id outline.NodeID) {
	w.t.Helper()
	err := w.db.View(func(tx *store.Tx) error {
		d, err := tx.Document(doc)
		if err != nil {
			return err
		}
		for n := range d.Root().Below() {
			if n.Content == text {
				id = n.ID
			}
		}
		return nil
	})
	if err != nil || id == "" {
		w.t.Fatalf("no node %q: %v", text, err)
	}
	return id
}

// Each kind of conflict, and what each choice makes of the document; an undo
// brings back what was there.
func TestChoicesDoWhatTheySay(t *testing.T) {
	fields := func(text string) *outline.Fields { return &outline.Fields{Content: text} }
	for _, tt := range []struct {
		name     string
		conflict func(doc outline.FileID, w *world) store.Conflict
		choice   Choice
		text     string
		want     string // "" for as before
	}{
		{"text, mine", textConflict, ChooseMine, "", "plan\nb\n c\nd"},
		{"text, theirs", textConflict, ChooseTheirs, "", "their plan\nb\n c\nd"},
		{"text, my own", textConflict, ChooseText, "a third", "a third\nb\n c\nd"},
		{"overwritten, mine", overwritten, ChooseMine, "", "our b"},
		{"overwritten, theirs", overwritten, ChooseTheirs, "", ""},
		{"overwritten, my own", overwritten, ChooseText, "another b", "another b"},
		{"our move, mine", moved(true), ChooseMine, "", "d\n b\n  c"},
		{"our move, theirs", moved(true), ChooseTheirs, "", ""},
		{"their move, mine", moved(false), ChooseMine, "", ""},
		{"their move, theirs", moved(false), ChooseTheirs, "", "d\n b\n  c"},
		{"our deletion, mine", deleted(true), ChooseMine, "", "deleted"},
		{"our deletion, theirs", deleted(true), ChooseTheirs, "", ""},
		{"their deletion, mine", deleted(false), ChooseMine, "", ""},
		{"their deletion, theirs", deleted(false), ChooseTheirs, "", "deleted"},
		{"duplicate, mine", func(doc outline.FileID, w *world) store.Conflict {
			return store.Conflict{Kind: store.ConflictDuplicate, Doc: doc, Node: w.node(doc, "b"), Theirs: fields("b")}
		}, ChooseMine, "", "deleted"},
		{"duplicate, theirs", func(doc outline.FileID, w *world) store.Conflict {
			return store.Conflict{Kind: store.ConflictDuplicate, Doc: doc, Node: w.node(doc, "b"), Theirs: fields("b")}
		}, ChooseTheirs, "", ""},
		{"recovered", func(doc outline.FileID, w *world) store.Conflict {
			return store.Conflict{Kind: store.ConflictRecovered, Doc: doc, Node: w.node(doc, "b")}
		}, ChooseMine, "", ""},
		{"node that has gone", func(doc outline.FileID, _ *world) store.Conflict {
			return store.Conflict{Kind: store.ConflictMark, Doc: doc, Node: "gone", Mask: outline.Content, Mine: fields("x")}
		}, ChooseMine, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, told := decider(t)
			doc := w.doc("Work", "plan", " "+otherVersion+" their plan", "b", " c", "d")
			before := w.tree(doc)
			k := w.put(tt.conflict(doc, w))
			res := must(w.ConflictResolve(t.Context(), ResolveConflictRequest{Names: []string{k.ID}, Choice: tt.choice, Text: tt.text}))(t)
			got := w.tree(doc)
			want := before
			switch {
			case tt.want == "deleted":
				want = strings.Replace(before, "b\n c\n", "", 1)
			case strings.HasPrefix(tt.want, "d\n"):
				want = strings.Replace(before, "b\n c\nd", tt.want, 1)
			case strings.Contains(tt.want, "\n"):
				want = tt.want
			case tt.want != "":
				want = strings.Replace(before, "\nb\n", "\n"+tt.want+"\n", 1)
			}
			if got != want {
				t.Errorf("tree is\n%s\nwant\n%s", got, want)
			}
			if left := must(w.Conflicts(t.Context()))(t); len(left.Conflicts) != 0 || len(*told) != 0 || res.NextRound {
				t.Errorf("left %+v, told the engine %v", left, *told)
			}
			if got != before {
				must(w.Undo(t.Context(), UndoRequest{}))(t)
				w.wantTree(doc, strings.Split(before, "\n")...)
			}
		})
	}
}

func textConflict(doc outline.FileID, w *world) store.Conflict {
	return store.Conflict{
		Kind: store.ConflictText, Doc: doc, Node: w.node(doc, "plan"), Mask: outline.Content,
		Mine: &outline.Fields{Content: "plan"}, Theirs: &outline.Fields{Content: "their plan"},
	}
}

func overwritten(doc outline.FileID, w *world) store.Conflict {
	return store.Conflict{
		Kind: store.ConflictOverwrote, Doc: doc, Node: w.node(doc, "b"), Mask: outline.Content,
		Mine: &outline.Fields{Content: "our b"}, Theirs: &outline.Fields{Content: "b"},
	}
}

func moved(ours bool) func(outline.FileID, *world) store.Conflict {
	return func(doc outline.FileID, w *world) store.Conflict {
		b := w.node(doc, "b")
		c := outline.Change{Kind: outline.Move, Node: b, To: outline.Place{Parent: w.node(doc, "d")}}
		return store.Conflict{Kind: store.ConflictPlace, Doc: doc, Node: b, Change: &c, Ours: ours}
	}
}

func deleted(ours bool) func(outline.FileID, *world) store.Conflict {
	return func(doc outline.FileID, w *world) store.Conflict {
		b := w.node(doc, "b")
		return store.Conflict{Kind: store.ConflictDelete, Doc: doc, Node: b, Change: &outline.Change{Kind: outline.Delete, Node: b}, Ours: ours}
	}
}

// What waits comes first, is handed to the engine, and is not decided by halves.
func TestDecisionsThatWait(t *testing.T) {
	w, told := decider(t)
	doc := w.doc("Work", "b", " c", "d")
	w.put(store.Conflict{Kind: store.ConflictRecovered, Doc: doc, Node: w.node(doc, "b"), Text: "for you to know"})
	held := w.put(store.Conflict{Kind: store.ConflictDeletionThere, Doc: doc, Text: "waits", Waits: true})
	account := w.put(store.Conflict{Kind: store.ConflictRead, Text: "another account", Waits: true})

	list := must(w.Conflicts(t.Context()))(t)
	if list.Waiting != 2 || len(list.Conflicts) != 3 || list.Conflicts[0].ID != held.ID || list.Conflicts[2].Waits {
		t.Fatalf("list is %+v", list)
	}
	shown := must(w.ConflictShow(t.Context(), "1"))(t)
	if shown.ID != held.ID || shown.Total != 2 || len(shown.Items) != 2 || shown.IfMine == "" {
		t.Errorf("shown %+v", shown)
	}
	for name, tt := range map[string]struct {
		r    ResolveConflictRequest
		want error
	}{
		"no choice":          {ResolveConflictRequest{Names: []string{"1"}}, outline.ErrInvalid},
		"none named":         {ResolveConflictRequest{Choice: ChooseMine}, outline.ErrInvalid},
		"a text for a hold":  {ResolveConflictRequest{Names: []string{"1"}, Choice: ChooseText, Text: "x"}, outline.ErrInvalid},
		"another account":    {ResolveConflictRequest{Names: []string{account.ID}, Choice: ChooseMine}, ErrConfirm},
		"one good, one bad":  {ResolveConflictRequest{Names: []string{"1", account.ID}, Choice: ChooseMine}, ErrConfirm},
		"a number too high":  {ResolveConflictRequest{Names: []string{"4"}, Choice: ChooseMine}, outline.ErrNoNode},
		"an id of something": {ResolveConflictRequest{Names: []string{NewGroup()}, Choice: ChooseMine}, outline.ErrNoNode},
	} {
		if _, err := w.ConflictResolve(t.Context(), tt.r); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
	*told = nil
	res := must(w.ConflictResolve(t.Context(), ResolveConflictRequest{Names: []string{"1", held.ID}, Choice: ChooseTheirs}))(t)
	if !res.NextRound || len(*told) != 1 || (*told)[0] != held.ID+" false" {
		t.Errorf("told the engine %v", *told)
	}
}

// Numbers belong to the list of one terminal, and name no lines of ls.
func TestNumbersOfConflictsAreTheTerminalsOwn(t *testing.T) {
	w, _ := decider(t)
	doc := w.doc("Work", "b", " c", "d")
	k := w.put(store.Conflict{Kind: store.ConflictRecovered, Doc: doc, Node: w.node(doc, "b")})
	must(w.Ls(t.Context(), LsRequest{Name: "Work"}))(t)
	must(w.Conflicts(t.Context()))(t)
	if got := must(w.Resolve(t.Context(), ":2"))(t); got.Ref.Text != "d" {
		t.Errorf(":2 is %+v", got.Ref)
	}
	w.Terminal = "another"
	if _, err := w.ConflictShow(t.Context(), "1"); !errors.Is(err, outline.ErrNoNode) {
		t.Errorf("in another terminal: %v", err)
	}
	if got := must(w.ConflictShow(t.Context(), k.ID))(t); got.N != 0 || got.ID != k.ID {
		t.Errorf("by its id: %+v", got)
	}
}

// Content goes back below what is left of its path, in its order and shape.
func TestTrashGoesBackWhereItWas(t *testing.T) {
	w, _ := decider(t)
	doc := w.doc("Work", "a", " b", "  c", "d")
	entry := func(depth int, text string) outline.TreeEntry {
		return outline.TreeEntry{Depth: depth, ID: "x", Fields: outline.Fields{Content: text}}
	}
	for i, tt := range []struct {
		path []string
		want string
	}{
		{[]string{"a", "b"}, "a\n b\n  c\n  top\n   below\n    deep\n   last\nd"},
		{[]string{"a", "gone", "deeper"}, "a\n b\n  c\n top\n  below\n   deep\n  last\nd"},
		{[]string{"gone"}, "a\n b\n  c\nd\ntop\n below\n  deep\n last"},
		{nil, "a\n b\n  c\nd\ntop\n below\n  deep\n last"},
	} {
		trashed := store.Trashed{
			ID: NewGroup(), At: now(), Doc: doc, Path: tt.path, Why: "deleted at the service",
			Nodes: []outline.TreeEntry{entry(0, fmt.Sprint("top", i)), entry(1, "below"), entry(3, "deep"), entry(1, "last")}, // one level stayed alive
		}
		if err := w.db.Update(func(tx *store.Tx) error { return tx.Trash(trashed) }); err != nil {
			t.Fatal(err)
		}
		res := must(w.TrashRestore(t.Context(), RestoreRequest{Names: []string{trashed.ID}}))(t)
		if res.Nodes != 4 {
			t.Errorf("%d: restored %d nodes", i, res.Nodes)
		}
		w.wantTree(doc, strings.Split(strings.Replace(tt.want, "top", fmt.Sprint("top", i), 1), "\n")...)
		must(w.Undo(t.Context(), UndoRequest{}))(t)
	}
	list := must(w.Trash(t.Context()))(t)
	if len(list.Trash) != 4 || list.Trash[0].Restored == nil || list.Trash[0].Nodes != 4 || list.Trash[0].Text != "top3" {
		t.Errorf("trash %+v", list)
	}
	again := RestoreRequest{Names: []string{"1", "2"}, To: "Work/a"}
	_, err := w.TrashRestore(t.Context(), again)
	wantError(t, err, ErrConfirm)
	again.Confirm = true
	res := must(w.TrashRestore(t.Context(), again))(t)
	if res.Nodes != 8 {
		t.Errorf("restored %d nodes", res.Nodes)
	}
	w.wantTree(doc, "a", " b", "  c", " top3", "  below", "   deep", "  last", " top2", "  below", "   deep", "  last", "d")
}

// Of a document that has gone, content goes where a person says.
func TestTrashOfAGoneDocumentNeedsAPlace(t *testing.T) {
	w, _ := decider(t)
	doc := w.doc("Work", "a")
	trashed := store.Trashed{
		ID: NewGroup(), At: now(), Doc: "gone", Path: []string{}, Why: "deleted at the service",
		Nodes: []outline.TreeEntry{{ID: "x", Fields: outline.Fields{Content: "lost"}}},
	}
	if err := w.db.Update(func(tx *store.Tx) error { return tx.Trash(trashed) }); err != nil {
		t.Fatal(err)
	}
	_, err := w.TrashRestore(t.Context(), RestoreRequest{Names: []string{trashed.ID}})
	if e := wantError(t, err, outline.ErrNoFile); !strings.Contains(e.Next, "--to") {
		t.Errorf("next: %q", e.Next)
	}
	must(w.TrashRestore(t.Context(), RestoreRequest{Names: []string{trashed.ID}, To: "Work/a"}))(t)
	w.wantTree(doc, "a", " lost")
}
