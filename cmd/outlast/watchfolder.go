package main

import (
	"fmt"
	"time"

	"outlast/internal/config"
	"outlast/internal/mirror"
	"outlast/internal/outline"
	"outlast/internal/web"
	"outlast/store"
	"outlast/sync"
)

// folder returns the mirror of a folder of the config.
func (ws *watches) folder(w config.Watch) (*mirror.Folder, string, error) {
	dir, err := w.Dir.Abs()
	if err != nil {
		return nil, "", err
	}
	doc, err := ws.document(w.Doc)
	if err != nil {
		return nil, "", err
	}
	c := ws.core
	limits := sync.Limits{Nodes: c.settings.Guard.Nodes, Percent: c.settings.Guard.Percent}
	return mirror.New(mirror.Config{
		DB: c.db, Dir: dir, Format: w.Format, Doc: doc, IDs: w.IDs, Limits: importLimits(c.settings.Import),
		NewID: web.NewGroup, Log: c.log,
		Merge: func(base, present *outline.Document, changes []outline.Change) mirror.Merged {
			return mirror.Merged(sync.Rebase(base, present, changes, time.Now(), web.NewGroup))
		},
		Guard: func(tx *store.Tx, doc *outline.Document, gone, left int) (string, error) {
			return limits.Holds(tx, doc, gone, left, time.Now())
		},
	}), dir, nil
}

// document returns the document that the config names by its id or its title.
func (ws *watches) document(name string) (id outline.FileID, err error) {
	if name == "" {
		return "", nil
	}
	err = ws.core.db.View(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil {
			return err
		}
		for d := range files.Documents() {
			switch {
			case string(d.ID) == name:
				id = d.ID
				return nil
			case d.Title == name && id != "":
				return fmt.Errorf("several documents have the title %q: %w", name, outline.ErrAmbiguous)
			case d.Title == name:
				id = d.ID
			}
		}
		return nil
	})
	if err == nil && id == "" {
		err = fmt.Errorf("no document has the id or title %q: %w", name, outline.ErrNoFile)
	}
	return id, err
}
