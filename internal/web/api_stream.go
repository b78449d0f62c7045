package web

import (
	"encoding/json"
	"time"

	"outlast/internal/outline"
	"outlast/opml"
)

// SyncRequest asks for a round now.
type SyncRequest struct {
	Docs []string `json:"docs,omitempty"` // names; none for all. Deps.Sync gets ids.
	List bool     `json:"list,omitempty"` // read the list of files even if it is not due
}

// Progress is told while a round or an import goes on.
type Progress struct {
	Stage string `json:"stage"` // "list", "pull", "push", "verify"; of an import "read" (bytes) and "import" (items)
	Doc   string `json:"doc"`   // title
	Done  int    `json:"done"`
	Total int    `json:"total"`
	Left  int    `json:"left,omitempty"` // seconds that the rest takes at least, by the service's limits
}

// SyncResult is what a round did.
type SyncResult struct {
	Documents int          `json:"documents"`
	Pulled    int          `json:"pulled"`
	Sent      int          `json:"sent"`
	Confirmed int          `json:"confirmed"`
	Conflicts int          `json:"conflicts"`
	Waiting   int          `json:"waiting"`
	Decisions int          `json:"decisions"` // conflicts that wait for a person
	Failed    []SyncFailed `json:"failed"`
	Next      *time.Time   `json:"next"` // next try; nil when there is no need
}

// SyncFailed is a document that was not brought in step.
type SyncFailed struct {
	Doc   outline.FileID `json:"doc"`
	Title string         `json:"title"`
	Error string         `json:"error"`
	Held  bool           `json:"held"` // what the service shows of it is not trusted
}

// TakeRequest asks for a snapshot.
type TakeRequest struct {
	IfDue bool `json:"if_due,omitempty"` // only when the schedule says so
}

// SnapshotInfo describes a snapshot.
type SnapshotInfo struct {
	Name      string    `json:"name"`
	Path      string    `json:"path"`
	At        time.Time `json:"at"`
	Documents int       `json:"documents"`
	Nodes     int       `json:"nodes"`
	Unsent    int       `json:"unsent"` // edits in it that the service did not have
	Losses    int       `json:"losses"` // characters that OPML cannot carry; exact in the JSON beside
	Bytes     int64     `json:"bytes"`
	Verified  bool      `json:"verified"`
	Taken     bool      `json:"taken"` // false: nothing changed or not due, this is the newest
	Note      string    `json:"note"`  // why not taken or not verified

	Copies []CopyInfo `json:"copies,omitempty"` // that were made, or failed, along with it
}

// CopyInfo is what became of a copy of a snapshot in another place.
type CopyInfo struct {
	To      string  `json:"to"`
	Path    string  `json:"path"`
	Problem *string `json:"problem"` // why it failed; the snapshot itself is there
}

// SnapshotList is the answer to snapshot list, newest first.
type SnapshotList struct {
	Snapshots []SnapshotInfo `json:"snapshots"`
}

// DrillInfo tells what a restore as a test showed.
type DrillInfo struct {
	At        time.Time `json:"at"`
	Names     []string  `json:"names"`     // of the snapshots that were restored
	Documents int       `json:"documents"` // that came back and were compared
	Nodes     int       `json:"nodes"`
	Mirror    int       `json:"mirror"` // of the documents, those compared with the outline itself
}

// ExportRequest asks for files.
type ExportRequest struct {
	Name   string `json:"name,omitempty"` // document, folder or node
	All    bool   `json:"all,omitempty"`
	Format string `json:"format,omitempty"` // opml (default), md, txt, json, html, org
	Flavor string `json:"flavor,omitempty"` // of OPML

	// Exact adds the JSON of a document to an OPML file that cannot hold all
	// characters of its texts.
	Exact bool `json:"exact,omitempty"`
}

// ExportFile is one file of an export.
type ExportFile struct {
	Path  string         `json:"path"` // slashes, relative, safe on every system
	Title string         `json:"title"`
	Doc   outline.FileID `json:"doc"`
	Nodes int            `json:"nodes"`
	Of    int            `json:"of"`    // documents and branches in this export
	Exact bool           `json:"exact"` // the JSON that belongs to the file before
}

// ExportResult ends an export.
type ExportResult struct {
	Files  int      `json:"files"`
	Nodes  int      `json:"nodes"`
	Losses []string `json:"losses"` // what the format could not carry, for a person
}

// ImportRequest brings a file, a folder or a zip in.
type ImportRequest struct {
	Change
	Name    string `json:"name,omitempty"`    // name of the file in the body: its ending tells the format
	Path    string `json:"path,omitempty"`    // instead of a body: absolute path on this machine
	Format  string `json:"format,omitempty"`  // "" by the file's name
	Flavor  string `json:"flavor,omitempty"`  // of OPML, "" to recognise it
	Lenient bool   `json:"lenient,omitempty"` // mend what is damaged in OPML; Repairs tells what
	Into    string `json:"into,omitempty"`    // name of a node or a folder; "" for new documents in the root folder
	Top     bool   `json:"top,omitempty"`     // into a node: before its children
}

// ImportResult tells what an import made, or would make.
type ImportResult struct {
	Group     string         `json:"group"`
	Files     []ImportedFile `json:"files"`
	Documents int            `json:"documents"`
	Folders   int            `json:"folders"`
	Nodes     int            `json:"nodes"`
	Skipped   int            `json:"skipped"` // files beside, such as .txt next to .opml
	Warnings  []string       `json:"warnings"`
	Repairs   []ImportRepair `json:"repairs"` // what Lenient mended
	Changes   int            `json:"changes"` // that the service is to get
	Preview   []Line         `json:"preview"` // the first lines; dry run only
	Repeated  bool           `json:"repeated"`
	DryRun    bool           `json:"dry_run"`
}

// ImportedFile is one new document, folder or branch.
type ImportedFile struct {
	Ref
	Source string `json:"source"` // path within what was imported
	Flavor string `json:"flavor"` // whose OPML it was, "" if not recognised or another format
	Nodes  int    `json:"nodes"`
}

// ImportRepair is one place of a damaged file, and what was made of it.
type ImportRepair struct {
	Source string `json:"source"`
	opml.Repair
}

// frame is one line of a streamed answer: exactly one field is set.
type frame struct {
	Progress *Progress       `json:"progress,omitempty"`
	File     *ExportFile     `json:"file,omitempty"`   // content follows
	Bytes    int             `json:"bytes,omitempty"`  // of content, which follow the line as they are
	Result   json.RawMessage `json:"result,omitempty"` // the last line, or
	Error    *Error          `json:"error,omitempty"`  // the last line

	data []byte // what follows, valid until the next frame
}

// NoticeTest is what became of test notices.
type NoticeTest struct {
	Channels []NoticeResult `json:"channels"` // none: no channel is set
}

// NoticeResult is what became of a test notice by one channel.
type NoticeResult struct {
	Channel string  `json:"channel"`
	Error   *string `json:"error"` // nil: the receiver took it
}

// HistoryRequest asks for what is remembered of months, like "2026-11", both
// included.
type HistoryRequest struct {
	From string `json:"from"`
	To   string `json:"to"`
}
