package web

import (
	"encoding/json"
	"fmt"
	"maps"

	"outlast/internal/outline"
	"outlast/opml"
	"outlast/store"
)

// foreign is what other programs wrote into an imported document that no
// outline here holds. It stays on this machine, beside the document, and is
// given back when the document is exported as OPML.
type foreign struct {
	Head *opml.Head                     `json:"head,omitempty"` // of the file that became the document
	Kept map[outline.NodeID][]opml.Attr `json:"kept,omitempty"`
}

// foreignName is where the store keeps it.
func foreignName(doc outline.FileID) string { return "foreign/" + string(doc) }

// foreignOf reads what is kept of a document; nothing at all for most.
func foreignOf(tx *store.Tx, doc outline.FileID) (*foreign, error) {
	f := &foreign{}
	text, err := tx.Cursor(foreignName(doc))
	if err != nil || text == nil {
		return f, err
	}
	if err := json.Unmarshal(text, f); err != nil {
		return nil, fmt.Errorf("read what other programs wrote into document %s: %w: %w", doc, err, store.ErrDamaged)
	}
	return f, nil
}

// foreignOf returns what this import adds to a document.
func (im *importer) foreignOf(doc outline.FileID) *foreign {
	f := im.foreign[doc]
	if f == nil {
		f = &foreign{Kept: map[outline.NodeID][]opml.Attr{}}
		im.foreign[doc] = f
	}
	return f
}

// keep stores what other programs wrote, in the import's own transaction.
func (im *importer) keep() error {
	for doc, f := range im.foreign {
		has, err := foreignOf(im.tx, doc)
		if err != nil {
			return err
		}
		maps.Copy(f.Kept, has.Kept)
		if f.Head == nil {
			f.Head = has.Head
		}
		text, err := json.Marshal(f)
		if err != nil {
			return fmt.Errorf("keep what another program wrote: %w", err)
		}
		if err := im.tx.PutCursor(foreignName(doc), text); err != nil {
			return err
		}
	}
	return nil
}
