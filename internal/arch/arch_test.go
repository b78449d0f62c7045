package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPackagesAreNamedDescribedAndListed(t *testing.T) {
	for _, p := range load(t) {
		for _, finding := range checkPackage(p) {
			t.Error(finding)
		}
	}
}

func TestImportsFollowTheTable(t *testing.T) {
	for _, p := range load(t) {
		for _, f := range p.files {
			for _, finding := range checkImports(p, f) {
				t.Error(finding)
			}
		}
	}
}

func TestSourceKeepsTheRules(t *testing.T) {
	for _, p := range load(t) {
		for _, f := range p.files {
			if f.test {
				continue
			}
			for _, finding := range checkSource(f) {
				t.Error(finding)
			}
		}
	}
}

func TestTableHasNoCycleAndOneOwnerEach(t *testing.T) {
	for from := range edges() {
		if reaches(from, from) {
			t.Errorf("%s reaches itself: arrows must point down", from)
		}
	}
	for name, allowed := range owners() {
		for _, owner := range allowed {
			if _, listed := edges()[owner]; !listed && owner != program {
				t.Errorf("%s is owned by %s, which is not in the table", name, owner)
			}
		}
		if slices.Contains(allowed, "internal/outline") {
			t.Errorf("%s is owned by internal/outline, which stands on the standard library alone", name)
		}
	}
}

func TestTopFoldersAreTheOnesAgreed(t *testing.T) {
	dir := top(t)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case name == "pkg":
			t.Error("folder pkg: it says nothing about what is in it")
		case strings.HasSuffix(name, ".go"):
			t.Errorf("%s lies at the top: the program is in cmd, the library in named folders", name)
		case entry.IsDir() && !strings.HasPrefix(name, ".") && !slices.Contains(topFolders(), name) && holdsGo(t, filepath.Join(dir, name)):
			t.Errorf("folder %s holds Go code: only %s do, so that a reader finds everything", name, strings.Join(topFolders(), ", "))
		}
	}
}

// holdsGo reports whether a Go file lies anywhere below dir.
func holdsGo(t *testing.T, dir string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".go") {
			found = true
			return fs.SkipAll
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
