package web

import (
	"context"
	"log/slog"
	"net/http"

	"outlast/internal/health"
	"outlast/internal/outline"
	"outlast/opml"
	"outlast/store"
)

// Host is the only host that the handler answers to on its Unix socket and in
// process. A page that reaches a listener by another name is turned away.
const Host = "outlast"

// Deps is what the handler works with. DB is required; a nil function answers
// with ErrNotReady.
type Deps struct {
	DB *store.DB

	// Sync runs a round now and calls progress, if any, from one goroutine.
	// Docs in the request are ids.
	Sync func(ctx context.Context, r Round, progress func(Progress)) (SyncResult, error)

	// Decide carries out, or writes down for the next round, what a person says to
	// a conflict that waits, and HeldItems tells what it is about.
	Decide    func(tx *store.Tx, c store.Conflict, mine bool) error
	HeldItems func(c store.Conflict) ([]outline.NodeID, []outline.FileID, error)
	// OtherVersion begins the text of a child that holds another version of an item.
	OtherVersion string

	// TakeSnapshot and ListSnapshots reach the snapshots folder.
	TakeSnapshot  func(context.Context, TakeRequest) (SnapshotInfo, error)
	ListSnapshots func(context.Context) ([]SnapshotInfo, error)
	// DrillSnapshots restores some as a test.
	DrillSnapshots func(context.Context) (DrillInfo, error)

	// TestNotices sends a test notice by every channel.
	TestNotices func(context.Context) (NoticeTest, error)
	// Decided is called after a person has decided conflicts that waited.
	Decided func()

	// Watches lists the watched folders; AddWatch and RemoveWatch change them. Doc
	// in the request is an id, Dir absolute.
	Watches     func(context.Context) ([]WatchInfo, error)
	AddWatch    func(context.Context, WatchRequest) (WatchInfo, error)
	RemoveWatch func(ctx context.Context, dir string) (WatchInfo, error)

	// Facts are those that the database does not hold.
	Facts func(context.Context) health.Extras

	// ImportLimits bound one imported file. Zero means the default.
	ImportLimits opml.Limits

	Server  string // base address of the service
	Version string
	PID     int
	Log     *slog.Logger // nil: nothing is logged
}

// Round is a SyncRequest with its names resolved.
type Round struct {
	Docs []outline.FileID // none for all
	List bool
}

// NewHandler returns the handler of all calls. It may serve any number of
// requests at once.
func NewHandler(d Deps) http.Handler {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	a := &api{Deps: d}
	mux := http.NewServeMux()
	a.routes(mux)
	return a.guard(mux)
}

// api holds the handlers. It has no state of its own: everything that lasts is
// in the database.
type api struct {
	Deps
}
