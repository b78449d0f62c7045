package store_test

import (
	"errors"
	"slices"
	"testing"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

func TestFilesBeforeTheFirstList(t *testing.T) {
	db := storetest.OpenFast(t)
	root := func() (id outline.FileID) {
		view(t, db, func(tx *store.Tx) error {
			base, err := tx.BaseFiles()
			if base != nil || err != nil {
				t.Errorf("got a list %v, %v", base, err)
			}
			files, err := tx.Files()
			id = files.Root
			return err
		})
		return id
	}
	if got := root(); got != "root" {
		t.Errorf("got %q, want root", got)
	}
	update(t, db, func(tx *store.Tx) error { return tx.PutAccount(store.Account{RootFile: "theirs"}) })
	if got := root(); got != "theirs" {
		t.Errorf("got %q, want the account's", got)
	}
	update(t, db, func(tx *store.Tx) error { return tx.BindFile("ours", "theirs") })
	if got := root(); got != "ours" {
		t.Errorf("got %q, want the bound one", got)
	}
}

// TestNewDocumentBeforeAndAfterItsID follows a document made here: under its
// ULID, then bound, then in the list of the service.
func TestNewDocumentBeforeAndAfterItsID(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 1)
	make := store.Op{ID: "op-1", File: &outline.FileChange{
		Kind: outline.Insert, File: "made", FileKind: outline.DocumentKind, NewTitle: "Made here",
		To: outline.FilePlace{Parent: "folder", Left: doc},
	}}
	write := store.Op{ID: "op-2", Doc: "made", Node: &outline.Change{
		Kind: outline.Insert, Node: "n", To: outline.Place{Parent: outline.RootID}, New: outline.Fields{Content: "first"},
	}}
	update(t, db, func(tx *store.Tx) error {
		_, err := tx.Append(make, write)
		return err
	})
	update(t, db, func(tx *store.Tx) error {
		list := outline.NewFiles("folder")
		list.File("folder").Title = "Home"
		err := errors.Join(
			list.Append("folder", outline.File{ID: doc, Kind: outline.DocumentKind, Title: "Plan"}),
			list.Append("folder", outline.File{ID: "sub", Kind: outline.FolderKind, Title: "Sub"}),
			list.Append("sub", outline.File{ID: "made", Kind: outline.DocumentKind, Title: "Made here", Permission: outline.Read}),
			tx.BindFile("made", "given"),
			tx.PutBaseFiles(list),
		)
		if err != nil {
			return err
		}
		var confirmed []store.Record
		for r, err := range tx.Unconfirmed("") {
			if err != nil {
				return err
			}
			confirmed = append(confirmed, r)
		}
		return tx.ReplaceLog("", nil, confirmed)
	})
	db = storetest.Reopen(t, db)
	view(t, db, func(tx *store.Tx) error {
		files, err1 := tx.Files()
		binds, err2 := tx.FileBindings()
		d, err3 := tx.Document("made")
		if err := errors.Join(err1, err2, err3); err != nil {
			return err
		}
		if got := files.Path("made"); !slices.Equal(got, []string{"Sub", "Made here"}) || files.File("folder").Title != "Home" {
			t.Errorf("got %v", got)
		}
		if s, bound := binds.Bound("made"); s != "given" || !bound || binds.Ours("given") != "made" || binds.Service("made") != "given" {
			t.Errorf("bound to %s", s)
		}
		if d.Node("n") == nil || d.Permission != outline.Read {
			t.Errorf("got %d nodes, permission %d", d.Len(), d.Permission)
		}
		return nil
	})
}

func TestFileLogMustApply(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 1)
	rename := store.Op{ID: "op-1", File: &outline.FileChange{Kind: outline.Update, File: doc, NewTitle: "New"}}
	update(t, db, func(tx *store.Tx) error {
		_, err := tx.Append(rename)
		return err
	})
	err := db.Update(func(tx *store.Tx) error { return tx.PutBaseFiles(outline.NewFiles("folder")) })
	if !errors.Is(err, outline.ErrNoFile) {
		t.Errorf("a list without the renamed file: got %v", err)
	}
	bad := outline.NewFiles("folder")
	if err := bad.Append("folder", outline.File{ID: doc, Kind: outline.DocumentKind, Title: "\xff"}); err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *store.Tx) error { return tx.PutBaseFiles(bad) })
	if !errors.Is(err, outline.ErrInvalid) {
		t.Errorf("a title that is not UTF-8: got %v", err)
	}
}

func TestDocumentNotInTheList(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 1)
	for _, id := range []outline.FileID{"nobody", "folder", ""} {
		err := db.View(func(tx *store.Tx) error {
			_, err := tx.Document(id)
			return err
		})
		if !errors.Is(err, outline.ErrNoFile) {
			t.Errorf("%q: got %v, want ErrNoFile", id, err)
		}
	}
}
