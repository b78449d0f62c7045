package web

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestLargeImportIsOneUndoableGroup brings in more items than one batch holds.
func TestLargeImportIsOneUndoableGroup(t *testing.T) {
	const n = 3*batch + 7
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%sitem %d\n", strings.Repeat("    ", i%7), i)
	}
	w := newWorld(t)
	r := ImportRequest{Name: "large.txt"}
	r.Group = NewGroup()
	res := must(w.Import(t.Context(), r, strings.NewReader(b.String())))(t)
	if res.Nodes != n {
		t.Fatalf("got %d items", res.Nodes)
	}
	var out strings.Builder
	must(w.Export(t.Context(), ExportRequest{Name: "large", Format: "txt"}, func(_ ExportFile, content io.Reader) error {
		_, err := io.Copy(&out, content)
		return err
	}))(t)
	if out.String() != b.String() {
		t.Error("the export differs from what was imported")
	}
	list := must(w.UndoList(t.Context(), UndoListRequest{}))(t)
	if len(list.Undo) != 1 || list.Undo[0].Ops != n+1 {
		t.Errorf("got %+v", list.Undo)
	}
	must(w.Undo(t.Context(), UndoRequest{}))(t)
	if files := must(w.Files(t.Context()))(t).Files; len(files) != 0 {
		t.Errorf("%d files are left", len(files))
	}
}
