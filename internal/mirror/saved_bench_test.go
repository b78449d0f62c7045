package mirror

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
	"outlast/opml"
	"outlast/store"
	"outlast/store/storetest"
)

// BenchmarkFoundEdits takes a saved OPML file, with 10 edits, from the disk to its
// changes by the steps of takeData: read, parse, match with the base, compare. Nothing
// of the file is known before. The base is in memory, as it is after the last look at
// the file; base-ms is what it takes to have it from the database when it is not. Not
// in it are the hash of the file, the merge into the document and the transaction.
//
// found-ms is read, parse and match; script-ms adds the comparison. Without ids the
// file is as an editor leaves it who drops all that is not Dynalist's.
func BenchmarkFoundEdits(b *testing.B) {
	for _, k := range []int{100, 1000} {
		for _, ids := range []bool{true, false} {
			b.Run(fmt.Sprintf("ids=%v/size=%dk/edits=10", ids, k), func(b *testing.B) { benchmarkFound(b, k*1000, ids) })
		}
	}
}

const savedName = "Work.opml"

func benchmarkFound(b *testing.B, nodes int, ids bool) {
	b.ReportAllocs()
	w, base := worldWithBase(b, nodes)
	size := w.saveEdited(base, ids)
	var found, script time.Duration
	changes := 0
	for b.Loop() {
		start := time.Now()
		s := w.findEdits(base)
		found += time.Since(start)
		changes = len(outline.Diff(s.base, s.got.tree))
		script += time.Since(start)
	}
	if changes != 10 {
		b.Errorf("got %d changes, want 10", changes)
	}
	clear(w.bases)
	start := time.Now()
	w.baseOf(base.ID, w.files[base.ID].Parts)
	b.ReportMetric(ms(time.Since(start)), "base-ms")
	b.ReportMetric(ms(found)/float64(b.N), "found-ms")
	b.ReportMetric(ms(script)/float64(b.N), "script-ms")
	b.ReportMetric(float64(changes), "changes/op")
	b.SetBytes(size)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// findEdits reads the saved file up to the point where it is compared.
func (w *world) findEdits(base *outline.Document) *save {
	room := lendRoom()
	defer giveBack(room)
	data, err := w.read(room, savedName)
	if err != nil {
		w.t.Fatal(err)
	}
	got, err := w.form.read(data, base.ID, base)
	if err != nil {
		w.t.Fatal(err)
	}
	s := &save{Folder: w.Folder, doc: base.ID, got: got, newest: base, base: base}
	s.match()
	return s
}

// worldWithBase returns a world with a file of that many nodes and its base, as the
// database gives it back.
func worldWithBase(t testing.TB, nodes int) (*world, *outline.Document) {
	w := newWorldIn(t, storetest.Open(t), format.OPML, "")
	made, err := w.form.write(outlinetest.Generate(1, nodes), nil, "")
	if err != nil {
		t.Fatal(err)
	}
	return w, w.basedOn(made.tree)
}

func (w *world) basedOn(tree *outline.Document) *outline.Document {
	st := &fileState{Name: savedName}
	err := w.commit(func(tx *store.Tx) (err error) {
		if st.Parts, err = w.putBase(tx, tree, 0); err != nil {
			return err
		}
		return w.put(tx, tree.ID, st)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.baseOf(tree.ID, st.Parts)
}

func (w *world) baseOf(doc outline.FileID, parts int) (base *outline.Document) {
	w.view(func(tx *store.Tx) (err error) {
		base, err = w.base(tx, doc, parts)
		return err
	})
	return base
}

// saveEdited saves a base with 10 edits, as an editor does, and returns the size.
func (w *world) saveEdited(base *outline.Document, ids bool) int64 {
	edited := base.Clone()
	outlinetest.Edit(2, edited, 10)
	flavor := opml.Dynalist
	if !ids {
		flavor = opml.Portable
	}
	file, err := os.Create(w.path(savedName))
	if err != nil {
		w.t.Fatal(err)
	}
	defer file.Close()
	if _, err := format.WriteOPML(file, edited, format.WriteOptions{Flavor: flavor, NoDates: true}); err != nil {
		w.t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		w.t.Fatal(err)
	}
	return info.Size()
}

// A save of ten edits is found to be as many changes as were made, with ids and
// without: ten here, which the benchmark asserts for larger files.
func TestTenEditsAreTenChanges(t *testing.T) {
	for _, ids := range []bool{true, false} {
		w, base := worldWithBase(t, 5_000)
		w.saveEdited(base, ids)
		s := w.findEdits(base)
		if got := len(outline.Diff(s.base, s.got.tree)); got != 10 {
			t.Errorf("ids %v: got %d changes, want 10", ids, got)
		}
	}
}

// To take the ids of what reads as before makes no longer scripts than to look for
// all of it, also where many texts are the same.
func TestLikeIDsMakeNoLongerScripts(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	for _, kind := range []string{"plain", "dull"} {
		with, without := 0, 0
		for seed := range seeds {
			for _, edits := range []int{1, 10, 60} {
				w, base := worldWithBase(t, 600)
				if kind == "dull" {
					for i, n := range slices.Collect(base.Nodes()) {
						if i%3 > 0 && n.Parent() != nil {
							n.Content = []string{"", "Tasks", "Notes", "buy milk", "a line that is there more than once"}[i%5]
						}
					}
				}
				edited := base.Clone()
				outlinetest.Edit(seed, edited, edits)
				var file bytes.Buffer
				if _, err := format.WriteOPML(&file, edited, format.WriteOptions{Flavor: opml.Portable, NoDates: true}); err != nil {
					t.Fatal(err)
				}
				with += w.scriptOf(file.Bytes(), base, base)
				without += w.scriptOf(file.Bytes(), base, nil)
			}
		}
		t.Logf("%s: %d changes with ids, %d without", kind, with, without)
		if 100*with > 102*without {
			t.Errorf("%s: %d changes with ids taken, %d without", kind, with, without)
		}
	}
}

// scriptOf counts the changes that make a file of a base.
func (w *world) scriptOf(data []byte, base, like *outline.Document) int {
	got, err := w.form.read(data, base.ID, like)
	if err != nil {
		w.t.Fatal(err)
	}
	s := &save{Folder: w.Folder, doc: base.ID, got: got, newest: base, base: base}
	s.match()
	return len(outline.Diff(s.base, s.got.tree))
}
