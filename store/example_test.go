package store_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// A read of the service becomes the base; an edit is recorded in the log; the
// working tree is both.
func Example() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := store.Open(store.Options{Path: filepath.Join(dir, "outlast.db"), Create: true})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	err = db.Update(func(tx *store.Tx) error {
		files := outline.NewFiles("root")
		if err := files.Append("root", outline.File{ID: "list", Kind: outline.DocumentKind, Title: "List"}); err != nil {
			return err
		}
		if err := tx.PutBaseFiles(files); err != nil {
			return err
		}
		read := outline.New("list", "List")
		read.Append(read.Root(), "n1", outline.Fields{Content: "milk"})
		_, err := tx.PutBase(read, nil, time.Now())
		return err
	})
	if err != nil {
		log.Fatal(err)
	}

	err = db.Update(func(tx *store.Tx) error {
		_, err := tx.Append(store.Op{ID: "op1", Actor: "cli", Doc: "list", Node: &outline.Change{
			Kind: outline.Update, Node: "n1", Mask: outline.Content, New: outline.Fields{Content: "oat milk"},
		}})
		return err
	})
	if err != nil {
		log.Fatal(err)
	}

	err = db.View(func(tx *store.Tx) error {
		base, err := tx.Base("list")
		if err != nil {
			return err
		}
		work, err := tx.Document("list")
		if err != nil {
			return err
		}
		fmt.Println("base:", base.Node("n1").Content)
		fmt.Println("working tree:", work.Node("n1").Content)
		for r, err := range tx.Unconfirmed("list") {
			if err != nil {
				return err
			}
			fmt.Println(r.State, r.Node.Kind, "was:", r.Node.Old.Content)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// base: milk
	// working tree: oat milk
	// pending edit was: milk
}
