package snapshot

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"outlast/internal/atomicfile"
)

// taken takes n snapshots, each of another content, and returns them oldest first.
func taken(t *testing.T, dir string, n int) []Info {
	t.Helper()
	db := open(t)
	docs := generated(2, 40)
	load(t, db, docs...)
	var all []Info
	for i := range n {
		if i > 0 {
			edit(t, db, docs[0].ID, "round "+string(rune('a'+i)))
		}
		all = append(all, take(t, db, options(dir)))
	}
	return all
}

func TestPruneRemovesWhatNeedNotStay(t *testing.T) {
	dir := t.TempDir()
	all := taken(t, dir, 4)
	plan, err := Prune(t.Context(), dir, Keep{Last: 2}, time.Now(), true)
	if err != nil || len(plan) != 4 || len(published(t, dir)) != 4 {
		t.Fatalf("a dry run: %v, %v", plan, err)
	}
	if _, err := Prune(t.Context(), dir, Keep{Last: 2}, time.Now(), false); err != nil {
		t.Fatal(err)
	}
	left := published(t, dir)
	if len(left) != 2 || left[0] != all[2].Name && left[1] != all[2].Name {
		t.Errorf("got %v", left)
	}
	for _, name := range left {
		if _, err := Verify(t.Context(), dir, name); err != nil {
			t.Error("files that were shared with one that went:", err)
		}
	}
	for _, name := range names(t, dir) {
		if atomicfile.IsTemp(strings.TrimSuffix(name, "/")) {
			t.Errorf("%s was left", name)
		}
	}
}

func TestPruneRemovesNothingWhenTheNewestIsDamaged(t *testing.T) {
	dir := t.TempDir()
	all := taken(t, dir, 3)
	m := manifestOf(t, all[2])
	path := filepath.Join(all[2].Path, filepath.FromSlash(m.Documents[0].Path))
	if err := os.WriteFile(path, []byte("<opml/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Prune(t.Context(), dir, Keep{Last: 1}, time.Now(), false); !errors.Is(err, ErrUnverified) {
		t.Errorf("got %v, want ErrUnverified", err)
	}
	if got := published(t, dir); len(got) != 3 {
		t.Errorf("%d are left, want all 3", len(got))
	}
}
