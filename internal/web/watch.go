package web

import (
	"fmt"
	"path/filepath"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// WatchRequest names a folder and how to keep it.
type WatchRequest struct {
	Dir    string `json:"dir"`              // absolute
	Format string `json:"format,omitempty"` // "opml" if empty, or "md"
	Doc    string `json:"doc,omitempty"`    // a document by name; "" is all
	IDs    bool   `json:"ids,omitempty"`    // hidden ids in Markdown
	DryRun bool   `json:"dry_run,omitempty"`
}

// WatchInfo is a watched folder and how it stands.
type WatchInfo struct {
	Dir     string         `json:"dir"`
	Format  string         `json:"format"`
	Doc     outline.FileID `json:"doc"`   // "" for all documents
	Title   string         `json:"title"` // of that document
	IDs     bool           `json:"ids"`
	Running bool           `json:"running"` // a background service keeps it in step
	Trouble string         `json:"trouble"` // why nothing is read or written at all
	Late    string         `json:"late"`    // why changes are found late
	Files   []WatchFile    `json:"files"`
	Strange []WatchStrange `json:"strange"`
	DryRun  bool           `json:"dry_run"`
}

// WatchFile is the file of a document.
type WatchFile struct {
	Name    string         `json:"name"`
	Doc     outline.FileID `json:"doc"`
	Title   string         `json:"title"`
	Trouble string         `json:"trouble"` // why it is left alone, "" if it is in step
	Since   *time.Time     `json:"since"`
}

// WatchStrange is a name that is left alone, and why.
type WatchStrange struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// WatchList answers watch-list.
type WatchList struct {
	Watches []WatchInfo `json:"watches"`
}

func (a *api) watchList(s session, _ struct{}) (WatchList, error) {
	if a.Watches == nil {
		return WatchList{}, fmt.Errorf("list watched folders: %w", ErrNotReady)
	}
	all, err := a.Watches(s)
	if all == nil {
		all = []WatchInfo{}
	}
	return WatchList{Watches: all}, err
}

func (a *api) watchAdd(s session, r WatchRequest) (WatchInfo, error) {
	if a.AddWatch == nil {
		return WatchInfo{}, fmt.Errorf("add a watched folder: %w", ErrNotReady)
	}
	if !filepath.IsAbs(r.Dir) {
		return WatchInfo{}, fmt.Errorf("folder %q is not an absolute path: %w", r.Dir, outline.ErrInvalid)
	}
	if r.Format == "" {
		r.Format = "opml"
	}
	if r.Format != "opml" && r.Format != "md" {
		return WatchInfo{}, Fail(outline.ErrInvalid, fmt.Sprintf("a watched folder holds opml or md, not %q", r.Format), "")
	}
	if r.Doc != "" {
		err := a.view(func(tx *store.Tx) error {
			find, err := newResolver(tx, s.terminal)
			if err != nil {
				return err
			}
			t, err := find.find(r.Doc, wantAny)
			if err == nil && !t.isDocument() {
				err = Fail(outline.ErrInvalid, fmt.Sprintf("%q is no document", r.Doc), "name a document; without --doc every document gets a file")
			}
			if err == nil {
				r.Doc = string(t.file.ID)
			}
			return err
		})
		if err != nil {
			return WatchInfo{}, err
		}
	}
	return a.AddWatch(s, r)
}

func (a *api) watchRemove(s session, r WatchRequest) (WatchInfo, error) {
	if a.RemoveWatch == nil {
		return WatchInfo{}, fmt.Errorf("remove a watched folder: %w", ErrNotReady)
	}
	return a.RemoveWatch(s, r.Dir)
}
