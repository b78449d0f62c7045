package outline

import (
	"errors"
	"strings"
	"testing"
)

func sampleFiles(t *testing.T) *Files {
	t.Helper()
	files := NewFiles("r")
	for _, f := range []struct {
		parent FileID
		file   File
	}{
		{"r", File{ID: "work", Kind: FolderKind, Title: "Work"}},
		{"work", File{ID: "a", Kind: DocumentKind, Title: "A"}},
		{"work", File{ID: "b", Kind: DocumentKind, Title: "B"}},
		{"r", File{ID: "c", Kind: DocumentKind, Title: "C"}},
	} {
		if err := files.Append(f.parent, f.file); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func titles(f *Files) string {
	var out []string
	for depth, f := range f.Walk() {
		out = append(out, strings.Repeat(".", depth)+f.Title)
	}
	return strings.Join(out, " ")
}

func TestFilesChangeAndUndo(t *testing.T) {
	for _, tt := range []struct {
		change FileChange
		want   string
	}{
		{FileChange{Kind: Insert, File: "n", FileKind: DocumentKind, NewTitle: "N", To: FilePlace{Parent: "work"}}, "Work .N .A .B C"},
		{FileChange{Kind: Insert, File: "n", FileKind: FolderKind, NewTitle: "N", To: FilePlace{Parent: "r", Left: "c"}}, "Work .A .B C N"},
		{FileChange{Kind: Update, File: "work", NewTitle: "Job"}, "Job .A .B C"},
		{FileChange{Kind: Move, File: "a", To: FilePlace{Parent: "r", Left: "work"}}, "Work .B A C"},
		{FileChange{Kind: Move, File: "a", To: FilePlace{Parent: "work", Left: "b"}}, "Work .B .A C"},
		{FileChange{Kind: Move, File: "a", To: FilePlace{Parent: "work", Left: "gone"}}, "Work .B .A C"},
		{FileChange{Kind: Delete, File: "c"}, "Work .A .B"},
	} {
		files := sampleFiles(t)
		before := titles(files)
		c := files.Complete(tt.change)
		if err := files.Apply(c); err != nil {
			t.Fatal(err)
		}
		if got := titles(files); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.change, got, tt.want)
		}
		if err := files.Apply(c.Inverse()); err != nil {
			t.Fatal(err)
		}
		if got := titles(files); got != before {
			t.Errorf("undo of %v: got %q, want %q", tt.change, got, before)
		}
	}
}

func TestFilesRefuse(t *testing.T) {
	for _, tt := range []struct {
		change FileChange
		want   error
	}{
		{FileChange{Kind: Insert, File: "a", To: FilePlace{Parent: "r"}}, ErrExists},
		{FileChange{Kind: Insert, File: "n", To: FilePlace{Parent: "a"}}, ErrNoFile},
		{FileChange{Kind: Update, File: "no"}, ErrNoFile},
		{FileChange{Kind: Move, File: "work", To: FilePlace{Parent: "work"}}, ErrCycle},
		{FileChange{Kind: Move, File: "a", To: FilePlace{Parent: "c"}}, ErrNoFile},
		{FileChange{Kind: Delete, File: "work"}, ErrNotEmpty},
		{FileChange{Kind: Delete, File: "r"}, ErrRoot},
	} {
		files := sampleFiles(t)
		if err := files.Apply(tt.change); !errors.Is(err, tt.want) {
			t.Errorf("%v: got %v, want %v", tt.change, err, tt.want)
		}
		if got, want := titles(files), titles(sampleFiles(t)); got != want {
			t.Errorf("%v: refused change left a trace: %q", tt.change, got)
		}
	}
}
