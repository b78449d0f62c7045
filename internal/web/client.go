package web

import (
	"context"
	"io"
	"net/http"

	"outlast/internal/health"
)

// Client calls the handler, over a socket or in process. Its methods may be
// called from any goroutine. Errors of the handler are *Error and wrap the
// sentinel that the handler's error wrapped; others mean that the handler was
// not reached, or went away before it had answered.
type Client struct {
	// Terminal names the terminal in which `:3` is said, so that each has its
	// own numbers. "" has none.
	Terminal string
	// Actor is written beside each edit, "cli" if empty.
	Actor string

	rt http.RoundTripper
}

// NewClient returns a client that calls through rt: InProcess(handler), or a
// Transport that dials the socket.
func NewClient(rt http.RoundTripper) *Client { return &Client{rt: rt} }

// Hello tells who answers.
func (c *Client) Hello(ctx context.Context) (HelloResult, error) {
	return call[HelloResult](ctx, c, "hello", struct{}{})
}

// Status returns the state of everything.
func (c *Client) Status(ctx context.Context) (StatusResult, error) {
	return call[StatusResult](ctx, c, "status", struct{}{})
}

// History returns what is remembered of incidents, and what was measured.
func (c *Client) History(ctx context.Context, r HistoryRequest) (health.History, error) {
	return call[health.History](ctx, c, "history", r)
}

// TestNotices sends a test notice by every channel and waits for all.
func (c *Client) TestNotices(ctx context.Context) (NoticeTest, error) {
	return call[NoticeTest](ctx, c, "notice-test", struct{}{})
}

// Resolve tells what a name stands for.
func (c *Client) Resolve(ctx context.Context, name string) (ResolveResult, error) {
	return call[ResolveResult](ctx, c, "resolve", ResolveRequest{Name: name})
}

// Files returns the tree of folders and documents.
func (c *Client) Files(ctx context.Context) (FilesResult, error) {
	return call[FilesResult](ctx, c, "files", struct{}{})
}

// Ls lists what is below a name and numbers the lines for this terminal.
func (c *Client) Ls(ctx context.Context, r LsRequest) (LsResult, error) {
	return call[LsResult](ctx, c, "ls", r)
}

// Search finds nodes and numbers the lines for this terminal.
func (c *Client) Search(ctx context.Context, r SearchRequest) (SearchResult, error) {
	return call[SearchResult](ctx, c, "search", r)
}

// Show writes a subtree as text.
func (c *Client) Show(ctx context.Context, r ShowRequest, w io.Writer) (ExportResult, error) {
	return c.export(ctx, "show", r, func(_ ExportFile, content io.Reader) error {
		_, err := io.Copy(w, content)
		return err
	})
}

// Export streams files: each is called once per file, in order, and what it
// does not read of content is skipped. An error of each ends the export.
func (c *Client) Export(ctx context.Context, r ExportRequest, each func(f ExportFile, content io.Reader) error) (ExportResult, error) {
	return c.export(ctx, "export", r, each)
}

// Import brings a file, folder or zip in. With r.Path set body is nil.
func (c *Client) Import(ctx context.Context, r ImportRequest, body io.Reader) (ImportResult, error) {
	return c.ImportWatched(ctx, r, body, nil)
}

// ImportWatched is Import that calls progress, if not nil, while it goes on.
func (c *Client) ImportWatched(ctx context.Context, r ImportRequest, body io.Reader, progress func(Progress)) (ImportResult, error) {
	c.fill(&r)
	return upload[ImportResult](ctx, c, "import", r, body, progress)
}

// Replace makes a document or an item what it is in body, our JSON with ids.
func (c *Client) Replace(ctx context.Context, r ReplaceRequest, body io.Reader) (ReplaceResult, error) {
	c.fill(&r)
	return upload[ReplaceResult](ctx, c, "replace", r, body, nil)
}

// Add makes nodes.
func (c *Client) Add(ctx context.Context, r AddRequest) (ChangeResult, error) {
	return change[ChangeResult](ctx, c, "add", &r)
}

// AddFile makes a document or a folder.
func (c *Client) AddFile(ctx context.Context, r AddFileRequest) (ChangeResult, error) {
	return change[ChangeResult](ctx, c, "add-file", &r)
}

// Edit changes a node, or the title of a document or folder.
func (c *Client) Edit(ctx context.Context, r EditRequest) (ChangeResult, error) {
	return change[ChangeResult](ctx, c, "edit", &r)
}

// Check marks nodes as done.
func (c *Client) Check(ctx context.Context, r CheckRequest) (ChangeResult, error) {
	return change[ChangeResult](ctx, c, "check", &r)
}

// Move moves a node, document or folder.
func (c *Client) Move(ctx context.Context, r MoveRequest) (ChangeResult, error) {
	return change[ChangeResult](ctx, c, "mv", &r)
}

// Remove deletes nodes with all below them.
func (c *Client) Remove(ctx context.Context, r RemoveRequest) (ChangeResult, error) {
	return change[ChangeResult](ctx, c, "rm", &r)
}

// Inbox captures a node.
func (c *Client) Inbox(ctx context.Context, r InboxRequest) (ChangeResult, error) {
	return change[ChangeResult](ctx, c, "inbox", &r)
}

// Undo takes back the newest groups of edits, or makes them again.
func (c *Client) Undo(ctx context.Context, r UndoRequest) (UndoResult, error) {
	return change[UndoResult](ctx, c, "undo", &r)
}

// UndoList tells what can be undone and redone.
func (c *Client) UndoList(ctx context.Context, r UndoListRequest) (UndoListResult, error) {
	return call[UndoListResult](ctx, c, "undo-list", r)
}

// Queue lists edits that no read has shown yet.
func (c *Client) Queue(ctx context.Context) (QueueResult, error) {
	return call[QueueResult](ctx, c, "queue", struct{}{})
}

// QueueShow returns edits with their values before and after.
func (c *Client) QueueShow(ctx context.Context, edits ...string) (QueueChanged, error) {
	return call[QueueChanged](ctx, c, "queue-show", QueueRequest{Edits: edits})
}

// QueueDrop takes edits out of the queue and keeps their text in the trash.
func (c *Client) QueueDrop(ctx context.Context, r QueueRequest) (QueueChanged, error) {
	return call[QueueChanged](ctx, c, "queue-drop", r)
}

// QueueRetry lets parked edits be planned anew.
func (c *Client) QueueRetry(ctx context.Context, edits ...string) (QueueChanged, error) {
	return call[QueueChanged](ctx, c, "queue-retry", QueueRequest{Edits: edits})
}

// Conflicts lists what waits for a person and what one should know of, and numbers
// the lines for this terminal.
func (c *Client) Conflicts(ctx context.Context) (ConflictsResult, error) {
	return call[ConflictsResult](ctx, c, "conflicts", struct{}{})
}

// ConflictShow returns one conflict with all that one decides by.
func (c *Client) ConflictShow(ctx context.Context, name string) (ConflictInfo, error) {
	return call[ConflictInfo](ctx, c, "conflict-show", ConflictRequest{Name: name})
}

// ConflictResolve decides conflicts.
func (c *Client) ConflictResolve(ctx context.Context, r ResolveConflictRequest) (ConflictsResolved, error) {
	return change[ConflictsResolved](ctx, c, "conflict-resolve", &r)
}

// Trash lists what was deleted or replaced, and numbers the lines for this
// terminal.
func (c *Client) Trash(ctx context.Context) (TrashResult, error) {
	return call[TrashResult](ctx, c, "trash", struct{}{})
}

// TrashRestore puts content of the trash back.
func (c *Client) TrashRestore(ctx context.Context, r RestoreRequest) (ChangeResult, error) {
	return change[ChangeResult](ctx, c, "trash-restore", &r)
}

// Sync runs a round and calls progress, if not nil, while it goes on.
func (c *Client) Sync(ctx context.Context, r SyncRequest, progress func(Progress)) (SyncResult, error) {
	return c.sync(ctx, r, progress)
}

// SnapshotTake takes a snapshot.
func (c *Client) SnapshotTake(ctx context.Context, r TakeRequest) (SnapshotInfo, error) {
	return call[SnapshotInfo](ctx, c, "snapshot-take", r)
}

// SnapshotDrill restores the newest snapshot and an older one as a test.
func (c *Client) SnapshotDrill(ctx context.Context) (DrillInfo, error) {
	return call[DrillInfo](ctx, c, "snapshot-drill", struct{}{})
}

// SnapshotList lists the snapshots, newest first.
func (c *Client) SnapshotList(ctx context.Context) (SnapshotList, error) {
	return call[SnapshotList](ctx, c, "snapshot-list", struct{}{})
}

// Watches lists the watched folders.
func (c *Client) Watches(ctx context.Context) (WatchList, error) {
	return call[WatchList](ctx, c, "watch-list", struct{}{})
}

// WatchAdd keeps a folder in step with documents from now on.
func (c *Client) WatchAdd(ctx context.Context, r WatchRequest) (WatchInfo, error) {
	return call[WatchInfo](ctx, c, "watch-add", r)
}

// WatchRemove no longer keeps a folder in step; its files stay.
func (c *Client) WatchRemove(ctx context.Context, dir string) (WatchInfo, error) {
	return call[WatchInfo](ctx, c, "watch-remove", WatchRequest{Dir: dir})
}
