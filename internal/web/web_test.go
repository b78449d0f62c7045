package web

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

// world is a real database behind the real handler, reached in process.
type world struct {
	*Client
	t  testing.TB
	db *store.DB
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return worldOf(t, storetest.OpenFast(t))
}

func worldOf(t testing.TB, db *store.DB) *world {
	t.Helper()
	h := NewHandler(Deps{DB: db, Version: "test", PID: 7})
	c := NewClient(InProcess(h))
	c.Terminal = "test"
	return &world{Client: c, t: t, db: db}
}

// must ends the test on an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// doc makes a document of lines, each indented by blanks for its depth.
func (w *world) doc(title string, lines ...string) outline.FileID {
	w.t.Helper()
	r := must(w.AddFile(w.t.Context(), AddFileRequest{Kind: KindDocument, Title: title}))(w.t)
	if len(lines) > 0 {
		w.add("id:"+string(r.Refs[0].Doc), lines...)
	}
	return r.Refs[0].Doc
}

func (w *world) add(parent string, lines ...string) ChangeResult {
	w.t.Helper()
	return must(w.Add(w.t.Context(), AddRequest{Parent: parent, Items: items(lines)}))(w.t)
}

func items(lines []string) []NewNode {
	var list []NewNode
	for _, l := range lines {
		text := strings.TrimLeft(l, " ")
		list = append(list, NewNode{Depth: len(l) - len(text), Text: text})
	}
	return list
}

// tree draws a document: a blank per level, then the text.
func (w *world) tree(id outline.FileID) string {
	w.t.Helper()
	var b strings.Builder
	err := w.db.View(func(tx *store.Tx) error {
		d, err := tx.Document(id)
		if err != nil {
			return err
		}
		for depth, n := range d.Root().Walk() {
			if depth == 0 {
				continue
			}
			mark := ""
			if n.Checked {
				mark = " x"
			}
			fmt.Fprintf(&b, "%s%s%s\n", strings.Repeat(" ", depth-1), n.Content, mark)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (w *world) wantTree(id outline.FileID, lines ...string) {
	w.t.Helper()
	if got, want := w.tree(id), strings.Join(lines, "\n"); got != want {
		w.t.Errorf("tree is\n%s\nwant\n%s", got, want)
	}
}

// wantError ends the test unless err is an *Error that wraps is.
func wantError(t testing.TB, err, is error) *Error {
	t.Helper()
	var e *Error
	if !errors.Is(err, is) || !errors.As(err, &e) {
		t.Fatalf("got error %v, want %v", err, is)
	}
	return e
}

func (w *world) ops() int {
	w.t.Helper()
	n := 0
	err := w.db.View(func(tx *store.Tx) error {
		for _, err := range tx.History() {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestHelloTellsWhoAnswers(t *testing.T) {
	got := must(newWorld(t).Hello(t.Context()))(t)
	if got != (HelloResult{Version: "test", PID: 7, API: 1}) {
		t.Errorf("got %+v", got)
	}
}

func TestCanceledCallChangesNothing(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Add(ctx, AddRequest{Parent: "Work", Items: items([]string{"a"})}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
	w.wantTree(doc)
}
