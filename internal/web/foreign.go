package web

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/opml"
	"outlast/store"
)

// missingPrefix begins the name under which the store keeps when the document of a
// format.Foreign was first found missing.
const missingPrefix = "foreign-missing/"

// keepForeign is how long it stays after its document: as long as a deletion can be
// taken back.
const keepForeign = 30 * 24 * time.Hour

// tidyForeign forgets what belonged to documents that went away long ago.
func tidyForeign(tx *store.Tx, now time.Time) error {
	files, err := tx.Files()
	if err != nil {
		return err
	}
	for _, name := range tx.CursorNames(format.ForeignPrefix) {
		doc := strings.TrimPrefix(name, format.ForeignPrefix)
		missing := missingPrefix + doc
		if files.File(outline.FileID(doc)) != nil {
			err = tx.PutCursor(missing, nil)
		} else {
			err = missingSince(tx, name, missing, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// missingSince notes that a document is missing, or forgets what belonged to it.
func missingSince(tx *store.Tx, name, missing string, now time.Time) error {
	text, err := tx.Cursor(missing)
	if err != nil {
		return err
	}
	since, err := time.Parse(time.RFC3339, string(text))
	switch {
	case err != nil: // not noted yet
		return tx.PutCursor(missing, []byte(now.UTC().Format(time.RFC3339)))
	case now.Sub(since) < keepForeign:
		return nil
	}
	return errors.Join(tx.PutCursor(name, nil), tx.PutCursor(missing, nil))
}

// foreignOf reads what is kept of a document; nothing at all for most.
func foreignOf(tx *store.Tx, doc outline.FileID) (*format.Foreign, error) {
	text, err := tx.Cursor(format.ForeignName(doc))
	if err != nil {
		return nil, err
	}
	f, err := format.ParseForeign(text)
	if err != nil {
		return nil, fmt.Errorf("document %s: %w: %w", doc, err, store.ErrDamaged)
	}
	return f, nil
}

// foreignOf returns what this import adds to a document.
func (im *importer) foreignOf(doc outline.FileID) *format.Foreign {
	f := im.foreign[doc]
	if f == nil {
		f = &format.Foreign{Kept: map[outline.NodeID][]opml.Attr{}}
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
		text, err := f.Encode()
		if err == nil {
			err = im.tx.PutCursor(format.ForeignName(doc), text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
