package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"outlast/internal/atomicfile"
	"outlast/internal/config"
	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/internal/snapshot"
	"outlast/internal/web"
	"outlast/store"
	"outlast/sync"
)

// transfer brings a whole snapshot into another service. It is a home of its own,
// with the engine at work on it: what it has written down survives an interruption,
// and nothing is sent twice.
//
// Each document is one command, whose id is written down before the first of them is
// made: when it is run again, those that were made are answered and change nothing.
type transfer struct {
	*app
	from *snapshot.Reader
	core *core
	door *web.Client
	plan transferPlan
	home config.Home
}

// transferPlan is what is written down before anything is made.
type transferPlan struct {
	Snapshot string            `json:"snapshot"`
	Server   string            `json:"server"`
	Groups   map[string]string `json:"groups"` // of each folder and document, by its id in the snapshot
	Agreed   bool              `json:"agreed"` // to add to what is there
	Done     *time.Time        `json:"done"`   // when all had arrived; nil before
}

const planName = "plan.json"

// toServer brings everything into the service at an address.
func (r *restoring) toServer(ctx context.Context, address string) error {
	s, err := r.setup()
	if err != nil {
		return err
	}
	if r.flags.dryRun {
		r.say("would bring %s to %s", snapshotText(snapshotInfo(r.from.Info)), address)
		return nil
	}
	t := &transfer{app: r.app, from: r.from}
	if err := t.open(ctx, s, address, r.tokenFile); err != nil {
		return err
	}
	err = t.run(ctx)
	if err := errors.Join(err, t.core.close()); err != nil {
		return t.interrupted(err)
	}
	return t.finish()
}

// finish leaves only a note that this was done: to do it again would bring all of it
// a second time.
func (t *transfer) finish() error {
	now := time.Now().UTC().Truncate(time.Second)
	t.plan.Done, t.plan.Groups = &now, nil
	if err := t.writePlan(); err != nil {
		return err
	}
	entries, err := os.ReadDir(t.home.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != planName {
			err = errors.Join(err, os.RemoveAll(filepath.Join(t.home.Dir, e.Name())))
		}
	}
	return err
}

func (t *transfer) writePlan() error {
	text, err := json.Marshal(t.plan)
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(t.home.Dir, planName), text, 0o600)
}

// interrupted says how it goes on.
func (t *transfer) interrupted(err error) error {
	f := explain(err)
	if errors.Is(err, context.Canceled) {
		f.code, f.what = exitInterrupted, "interrupted"
	}
	f.safe = "what has arrived stays there, what is left is on this disk, and this outline is not touched"
	f.next = "run the same command again: it goes on where it stopped; a new start is to remove " + t.home.Dir
	return &f
}

// open makes the home of this transfer, or finds that of an interrupted one.
func (t *transfer) open(ctx context.Context, s setup, address, tokenFile string) error {
	server, err := config.ServerURL(address)
	if err != nil {
		return usage("write it like "+config.DefaultServer, "--to-server: %v", err)
	}
	if server == s.settings.Server {
		return usage("leave --to-server out to bring things back into this account", "%s is the service of this outline itself", server)
	}
	sum := sha256.Sum256([]byte(server + " " + t.from.Info.Name))
	dir := filepath.Join(s.home.StateDir, "transfer-"+hex.EncodeToString(sum[:6]))
	if err := atomicfile.MkdirAll(dir); err != nil {
		return err
	}
	if t.home, err = config.Resolve(dir); err != nil {
		return err
	}
	if err := t.readPlan(server); err != nil {
		return err
	}
	own := setup{home: t.home, settings: &config.Settings{Config: s.settings.Config}}
	own.settings.Server, own.settings.TokenCommand = server, ""
	own.settings.Snapshots.Copy, own.settings.Watch = nil, nil
	if err := own.createHome(); err != nil {
		return err
	}
	sources, err := own.tokens(tokenFile)
	if err != nil {
		return err
	}
	token, _, err := sources.Find(ctx)
	if err != nil {
		return &failure{
			code: exitToken, what: "no token for " + server, err: err, safe: "nothing was changed",
			next: "give --token-file with the token of the account there",
		}
	}
	if err := checkToken(ctx, own, token); err != nil {
		return err
	}
	if t.core, err = openCore(own, t.logger(), true); err != nil {
		return err
	}
	t.core.token.sources = sources
	t.door = web.NewClient(web.InProcess(web.NewHandler(t.core.deps(t.core.once))))
	return nil
}

// readPlan reads what was written down, or writes it down.
func (t *transfer) readPlan(server string) error {
	text, err := os.ReadFile(filepath.Join(t.home.Dir, planName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.plan = transferPlan{Snapshot: t.from.Info.Name, Server: server, Groups: map[string]string{}}
		for _, f := range t.from.Manifest.Files {
			t.plan.Groups[string(f.ID)] = web.NewGroup()
		}
		return t.writePlan()
	case err != nil:
		return err
	}
	if err := json.Unmarshal(text, &t.plan); err != nil {
		return fmt.Errorf("read the plan of the transfer: %w", err)
	}
	if t.plan.Done != nil {
		return &failure{
			code: exitDecide, what: "this snapshot was brought there already, " + clock(*t.plan.Done), safe: "nothing was changed",
			next: "to bring all of it there a second time, remove " + t.home.Dir,
		}
	}
	return nil
}

// agree asks before things are added to an account that holds some already. A new
// one has no more than its inbox.
func (t *transfer) agree(ctx context.Context) error {
	files, err := t.door.Files(ctx)
	if err != nil || t.plan.Agreed {
		return err
	}
	docs := 0
	for _, f := range files.Files {
		if f.Kind == web.KindDocument {
			docs++
		}
	}
	if docs > 1 {
		err := t.confirm(ctx, fmt.Sprintf("the account there holds %s already; they stay, and all of this snapshot is added", plural(docs, "document")))
		if err != nil {
			return err
		}
	}
	t.plan.Agreed = true
	return t.writePlan()
}

func (t *transfer) run(ctx context.Context) error {
	if err := t.core.token.load(ctx); err != nil {
		return err
	}
	// The root folder there is known only after its list was read.
	if _, err := t.core.engine.Once(ctx, sync.Round{List: true}); err != nil {
		return err
	}
	if err := t.agree(ctx); err != nil {
		return err
	}
	made, err := t.fill(ctx)
	if err != nil {
		return err
	}
	if err := t.send(ctx); err != nil {
		return err
	}
	return t.compare(ctx, made)
}

// fill records all folders and documents as edits, and returns the ids of the
// documents by those in the snapshot.
func (t *transfer) fill(ctx context.Context) (map[outline.FileID]outline.FileID, error) {
	docs := map[outline.FileID]snapshot.Document{}
	for _, d := range t.from.Manifest.Documents {
		docs[d.ID] = d
	}
	made := map[outline.FileID]outline.FileID{}
	for i, f := range t.from.Manifest.Files {
		if i == 0 {
			continue // the root folder is there
		}
		in := ""
		if made[f.Parent] != "" {
			in = "id:" + string(made[f.Parent])
		}
		change := web.Change{Group: t.plan.Groups[string(f.ID)], Actor: "restore", Confirm: true}
		if f.Kind == outline.FolderKind {
			res, err := t.door.AddFile(ctx, web.AddFileRequest{Change: change, Kind: web.KindFolder, Folder: in, Title: f.Title})
			if err != nil || len(res.Refs) == 0 {
				return nil, fmt.Errorf("make folder %s: %w", f.ID, err)
			}
			made[f.ID] = res.Refs[0].Doc
			continue
		}
		if docs[f.ID].Path == "" {
			continue
		}
		id, err := t.bring(ctx, f.ID, change, in)
		if err != nil {
			return nil, fmt.Errorf("bring document %s: %w", f.ID, err)
		}
		made[f.ID] = id
	}
	return made, nil
}

// bring records one document.
func (t *transfer) bring(ctx context.Context, id outline.FileID, change web.Change, in string) (outline.FileID, error) {
	c, err := t.from.Document(id)
	if err != nil {
		return "", err
	}
	text, err := jsonText(c.Document)
	if err != nil {
		return "", err
	}
	q := web.ImportRequest{Change: change, Name: "snapshot.json", Format: format.JSON, Into: in}
	res, err := t.door.Import(ctx, q, bytes.NewReader(text))
	if err != nil {
		return "", err
	}
	if len(res.Files) == 0 {
		return "", errors.New("no document was made")
	}
	return res.Files[0].Doc, nil
}

// send does rounds until the service has everything and a read has shown it.
func (t *transfer) send(ctx context.Context) error {
	bar := t.newBar()
	defer bar.done()
	total := 0
	for {
		report, err := t.core.engine.Once(ctx, sync.Round{List: true, Progress: func(p sync.Progress) { bar.show(web.Progress(p)) }})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, sync.ErrToken), errors.Is(err, store.ErrFrozen):
			return err
		}
		left, countErr := t.left()
		if countErr != nil {
			return countErr
		}
		total = max(total, left)
		if err == nil && left == 0 {
			return nil
		}
		for _, f := range report.Failed {
			if errors.Is(f.Err, sync.ErrHeld) {
				return f.Err
			}
		}
		wait := min(max(time.Until(report.Next), time.Second), 30*time.Second)
		bar.done()
		t.say("%s of %s are there; %s left, about %s", thousands(total-left), plural(total, "change"), thousands(left), span(sendingTakes(left)+wait))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// left counts the edits that no read has shown yet.
func (t *transfer) left() (n int, err error) {
	err = t.core.db.View(func(tx *store.Tx) error {
		for _, err := range tx.AllUnconfirmed() {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// compare reads every document as the service has it, and compares it with the
// snapshot: texts, marks and order.
func (t *transfer) compare(ctx context.Context, made map[outline.FileID]outline.FileID) error {
	was := map[outline.FileID]outline.FileID{}
	for old, id := range made {
		was[id] = old
	}
	docs, nodes := 0, 0
	_, err := t.door.Export(ctx, web.ExportRequest{All: true, Format: format.JSON}, func(f web.ExportFile, content io.Reader) error {
		old, ours := was[f.Doc]
		if !ours {
			return nil
		}
		res, err := format.ReadJSON(content, format.ReadOptions{KeepIDs: true})
		if err != nil {
			return err
		}
		c, err := t.from.Document(old)
		if err != nil {
			return err
		}
		if sameContent(c.Document) != sameContent(res.Document) {
			return &failure{code: exitPartial, what: "document " + string(old) + " is not there as it is in the snapshot"}
		}
		delete(was, f.Doc)
		docs, nodes = docs+1, nodes+f.Nodes
		return nil
	})
	if err != nil {
		return err
	}
	for id, old := range was {
		if made[old] == id && t.isDocument(old) {
			return &failure{code: exitPartial, what: "document " + string(old) + " did not arrive"}
		}
	}
	t.say("brought %s with %s to %s, read back and compared", plural(docs, "document"), plural(nodes, "item"), t.plan.Server)
	return nil
}

func (t *transfer) isDocument(id outline.FileID) bool {
	for _, d := range t.from.Manifest.Documents {
		if d.ID == id {
			return d.Path != ""
		}
	}
	return false
}

// sameContent is equal for documents that differ in ids and times only.
func sameContent(d *outline.Document) string {
	h := sha256.New()
	for depth, n := range d.Root().Walk() {
		f := n.Only(outline.Editable | outline.Numbered | outline.Collapsed)
		if depth == 0 {
			f.Content = strings.Join(strings.Fields(d.Title), " ")
		}
		line, err := json.Marshal([]any{depth, f})
		if err != nil {
			return err.Error()
		}
		h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil))
}
