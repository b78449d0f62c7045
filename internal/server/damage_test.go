package server

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"outlast/internal/boltfile"
	"outlast/internal/boltfile/boltfiletest"
	"outlast/internal/dynalist"
)

// TestDamagedDataFile: whatever a disk does to the data file, the process lives,
// and what is served is what was there.
func TestDamagedDataFile(t *testing.T) {
	original, inbox, want := richFile(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	files, seen := 150, 0
	if testing.Short() {
		files = 30
	}
	for i := range files {
		kinds := boltfiletest.Kinds()
		kind := kinds[i%len(kinds)]
		if !serveDamaged(t, boltfiletest.Damage(rng, kind, original), inbox, want) {
			seen++
		}
		if t.Failed() {
			t.Fatalf("file %d, %s", i, kind)
		}
	}
	t.Logf("%d of %d damaged files were refused, the others serve the same", seen, files)
}

// TestDataFileInACircle: see boltfile.
func TestDataFileInACircle(t *testing.T) {
	original, inbox, want := richFile(t)
	files, seen := 0, 0
	for b := range boltfiletest.Circles(original) {
		files++
		if !serveDamaged(t, b, inbox, want) {
			seen++
		}
	}
	if seen < files/2 {
		t.Errorf("%d of %d files were refused; only what is in a free page may pass", seen, files)
	}
}

// richFile returns a data file of some documents, the largest of them, and what
// the service answers about it.
func richFile(t *testing.T) (file []byte, doc, read string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.db")
	s := open(t, Config{Path: path})
	for n := range 2 {
		changes := make([]object, 300)
		for i := range changes {
			changes[i] = insert("root", i, fmt.Sprintf("a text of some length for item %d of request %d", i, n))
		}
		s.edit("Ok", changes...)
	}
	doc = s.inbox
	read = s.readText(doc).Body.String()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file, doc, read
}

func (t *tester) readText(doc string) *httptest.ResponseRecorder {
	t.Helper()
	return t.send(dynalist.PathDocRead, `{"token":"`+testToken+`","file_id":"`+doc+`"}`)
}

// serveDamaged serves a file and tells whether it serves the document as it was.
// Otherwise it must have been refused.
func serveDamaged(t *testing.T, file []byte, doc, want string) bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(Config{Path: path, NoSync: true})
	if err != nil {
		if len(file) > 0 && !errors.Is(err, boltfile.ErrDamaged) {
			t.Errorf("open: %v", err)
		}
		return false
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	w := (&tester{t, s, s.Handler(), doc}).readText(doc)
	if w.Code != 200 || strings.Contains(w.Body.String(), dynalist.CodeInvalidToken) {
		return false // the token counts by its hash, which has no checksum
	}
	if w.Body.String() != want {
		t.Errorf("served something else: %.200s", w.Body)
	}
	return true
}
