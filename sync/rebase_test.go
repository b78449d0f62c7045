package sync

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

// flatTree makes a document with an item of each word below the root.
func flatTree(words string) *outline.Document {
	d := outline.New("doc", "Doc")
	for w := range strings.FieldsSeq(words) {
		id, text, _ := strings.Cut(w, "=")
		if text == "" {
			text = id
		}
		d.Append(d.Root(), outline.NodeID(id), outline.Fields{Content: text})
	}
	return d
}

func TestRebaseBringsChangesToThePresent(t *testing.T) {
	n := 0
	newID := func() string {
		n++
		return fmt.Sprintf("id%d", n)
	}
	for name, tc := range map[string]struct{ base, file, present, want, told string }{
		"nothing else changed": {"a b", "a=A b", "a b", "a=A b", ""},
		"both changed others":  {"a b c", "a=A b c", "a b=B c", "a=A b=B c", ""},
		"one deleted":          {"a b c", "a c", "a b c=C", "a c=C", ""},
		"deleted and edited":   {"a b", "a", "a b=B", "a b=B", "“B”: it was deleted in the file and has changes in the outline, it or what is below it; it stays"},
	} {
		t.Run(name, func(t *testing.T) {
			base, present := flatTree(tc.base), flatTree(tc.present)
			got := Rebase(base, present, outline.Diff(base, flatTree(tc.file)), time.Now(), newID)
			if err := present.Apply(got.Changes...); err != nil {
				t.Fatal(err)
			}
			if want := flatTree(tc.want); !present.Equal(want) {
				t.Errorf("changes %+v", got.Changes)
			}
			told := ""
			for _, n := range got.Notices {
				told += n.Text
			}
			if told != tc.told {
				t.Errorf("told %q, want %q", told, tc.told)
			}
		})
	}
}

// The words of a person's item stay; those about the two sides change.
func TestNoticesOfFilesSpeakOfFiles(t *testing.T) {
	got := inWordsOfFile("“meet here at the service”: it was moved both here and at the service; our place stands")
	if want := "“meet here at the service”: it was moved both in the file and in the outline; our place stands"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Small deletions by files add up until one has to wait, as they do at the service.
func TestHoldsCountsWhatIsInTheLog(t *testing.T) {
	var words strings.Builder
	for i := range 200 {
		fmt.Fprintf(&words, "n%03d ", i)
	}
	db := storetest.OpenFast(t)
	l := Limits{Nodes: 20, Percent: 10}
	err := db.Update(func(tx *store.Tx) error {
		files := outline.NewFiles("rootfile")
		if err := files.Append(files.Root, outline.File{ID: "doc", Kind: outline.DocumentKind, Title: "Doc", Permission: outline.Owner}); err != nil {
			return err
		}
		if err := tx.PutBaseFiles(files); err != nil {
			return err
		}
		if _, err := tx.PutBase(flatTree(words.String()), nil, time.Now()); err != nil {
			return err
		}
		for round := range 4 {
			d, err := tx.Document("doc")
			if err != nil {
				return err
			}
			why, err := l.Holds(tx, d, 15, d.Len()-16, time.Now())
			if err != nil {
				return err
			}
			if (why != "") != (round >= 2) {
				t.Errorf("round %d: %q", round, why)
			}
			for i := range 15 {
				id := outline.NodeID(fmt.Sprintf("n%03d", round*15+i))
				op := store.OpID(fmt.Sprint("op", round, "-", i))
				if _, err := tx.Append(store.Op{ID: op, Group: op, Actor: "file", Doc: "doc", Node: &outline.Change{Kind: outline.Delete, Node: id}}); err != nil {
					return err
				}
			}
		}
		d, err := tx.Document("doc")
		if err != nil {
			return err
		}
		if why, err := l.Holds(tx, d, 1, 0, time.Now()); err != nil || why != string(excessEmpty) {
			t.Errorf("an emptied document: %q %v", why, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
