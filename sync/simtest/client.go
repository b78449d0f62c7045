package simtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// client is one installation of the program: a database and its engine.
type client struct {
	w       *world
	copyOf  *client // whose database it began with, nil for an empty one
	n       int     // its number in the world
	path    string
	db      *store.DB
	engine  *sync.Engine
	rnd     *rand.Rand // of its engine
	noting  *noting
	machine map[string]uint64 // number of the last request, by client id: outlives the database

	told     []store.OpID // what the user was told is safe
	room     int64        // largest size of the database, 0 for no limit
	acting   bool         // something goes on in which it can end
	busy     bool         // a round is under way
	dead     bool         // it ended and has not been started again
	crashes  int          // in a row
	baseSeen map[outline.FileID]string
	backup   []byte // an earlier state of the database
	toldThen int    // len(told) at that time
	restored bool   // an earlier database was put in its place

	refused map[outline.FileID]bool // where its user did not agree that much is deleted
	doubled map[outline.NodeID]bool // what its user was told may be there twice
}

func (w *world) newClient(n int) *client {
	c := &client{
		w: w, n: n, path: filepath.Join(w.dir, fmt.Sprintf("client%d.db", n)),
		rnd: rand.New(rand.NewPCG(w.seed, 100+uint64(n))), machine: make(map[string]uint64),
		refused: make(map[outline.FileID]bool), doubled: make(map[outline.NodeID]bool),
	}
	w.must(os.RemoveAll(c.path))
	c.open()
	return c
}

// open starts the program.
func (c *client) open() {
	db, err := store.Open(store.Options{Path: c.path, Create: true, NoSync: true, MaxSize: c.room, Commit: c.commit})
	c.w.must(err)
	c.db, c.dead = db, false
	c.baseSeen = make(map[outline.FileID]string)
	var budgets []sync.Budget
	c.view(func(tx *store.Tx) error {
		a, err := tx.Account()
		for _, b := range a.Budgets {
			budgets = append(budgets, sync.Budget(b))
		}
		return err
	})
	remote, err := dynalist.New(dynalist.Config{
		Server: remotetest.Address, Transport: c.w.inj.Link(c.n), Token: func() string { return remotetest.Token },
		Budgets: budgets, Random: c.rnd.Float64,
	})
	c.w.must(err)
	c.noting = &noting{remote, c.w}
	c.engine = sync.New(sync.Config{
		DB: db, Remote: c.noting, Server: remotetest.Address, Strict: c.w.strict,
		NewID: c.w.newID, Random: c.rnd.Float64,
		Sent:  c.w.sentBy(c.machine),
		Cells: func(cell sync.Cell) { c.w.hit("merge " + string(cell.Local) + "/" + string(cell.Remote)) },
	})
}

// shut closes the database, as the system does for a process that ends.
func (c *client) shut() {
	if c.db != nil {
		c.w.must(c.db.Close())
		c.db = nil
	}
}

// restart starts the program anew and looks whether it knows all that it told.
func (c *client) restart() {
	c.shut()
	c.open()
	c.checkTold()
}

// ended is the panic of a client that ends at this moment.
type ended struct{ c *client }

// attempt lets a client do something that may end it, and starts it again.
func (w *world) attempt(c *client, what string, do func()) {
	w.note("%d: %s", c.n, what)
	if w.guarded(c, do) {
		c.crashes++
		if c.crashes > 1 {
			w.hit("X12 kill twice")
		}
		c.restart()
	} else {
		c.crashes = 0
	}
	if err := c.db.Frozen(); err != nil {
		w.note("%d: frozen", c.n)
		c.restart()
	}
	c.checkSum()
}

// guarded tells whether the client ended meanwhile.
func (w *world) guarded(c *client, do func()) (dead bool) {
	depth, was := w.depth, c.acting
	c.acting = true
	defer func() {
		c.acting = was
		r := recover()
		if r == nil {
			return
		}
		if e, ok := r.(ended); !ok || e.c != c {
			panic(r)
		}
		w.note("%d: ends here", c.n)
		dead, c.busy, w.depth = true, false, depth
	}()
	do()
	return false
}

// round lets the engine do a round.
func (c *client) round(list bool) {
	c.busy = true
	defer func() { c.busy = false }()
	r, err := c.engine.Once(context.Background(), sync.Round{List: list})
	c.busy = false
	c.w.note("%d: round list=%v pulled=%d sent=%d confirmed=%d conflicts=%d waiting=%d failed=%d err=%v",
		c.n, list, r.Pulled, r.Sent, r.Confirmed, r.Conflicts, r.Waiting, len(r.Failed), err)
	for _, f := range r.Failed {
		c.w.note("%d: failed %s: %v", c.n, f.Doc, f.Err)
	}
	if errors.Is(err, store.ErrFull) {
		c.w.hit("X13 disk full")
	}
	if err != nil && !expected(err) {
		c.w.fail("round", "client %d: %v", c.n, err)
	}
	for _, f := range r.Failed {
		if !expected(f.Err) {
			c.w.fail("round", "client %d, document: %v", c.n, f.Err)
		}
	}
}

// expected tells whether an error of a round has a cause outside the program.
func expected(err error) bool {
	_, failure := errors.AsType[*sync.Failure](err)
	return failure || errors.Is(err, sync.ErrHeld) || errors.Is(err, store.ErrFrozen) || errors.Is(err, store.ErrFull)
}

func (c *client) view(fn func(*store.Tx) error) { c.w.must(c.db.View(fn)) }

// tell tells the user that an edit is safe.
func (c *client) tell(id store.OpID) {
	c.told = append(c.told, id)
	c.w.intents++
}

// update is a commit of the user's command. It tells whether it was recorded.
func (c *client) update(fn func(*store.Tx) error) bool {
	err := c.db.Update(fn)
	if errors.Is(err, store.ErrFull) {
		c.w.hit("X13 disk full")
	}
	if err != nil {
		c.w.note("%d: not recorded: %v", c.n, err)
	}
	return err == nil
}

// document returns a copy of a working tree.
func (c *client) document(doc outline.FileID) (d *outline.Document) {
	c.view(func(tx *store.Tx) error {
		have, err := tx.Document(doc)
		if err == nil {
			d = have.Clone()
		}
		return err
	})
	return d
}

// documents returns those that the user can edit: read, or made here.
func (c *client) documents() (all []outline.FileID) {
	c.view(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil || files == nil {
			return err
		}
		for f := range files.Documents() {
			_, read, err := tx.Meta(f.ID)
			if err != nil {
				return err
			}
			unnamed := strings.HasPrefix(f.Title, stagingMark) // another client's, not renamed yet
			if f.Title != "Inbox" && !unnamed && (read || len(f.ID) == ulidLength) {
				all = append(all, f.ID)
			}
		}
		return nil
	})
	return all
}

const ulidLength = 26

// unconfirmed counts what is not in step yet, and what is parked, with all that
// was done to a parked node.
func (c *client) unconfirmed() (n, parked int) {
	c.eachUnconfirmed(c.parked(), func(isParked bool) { // what is parked may come last
		if isParked {
			parked++
		} else {
			n++
		}
	})
	return n, parked
}

// parked returns the nodes that are parked, and those that are to go below them.
func (c *client) parked() map[outline.NodeID]bool {
	waits := make(map[outline.NodeID]bool)
	c.eachUnconfirmed(waits, func(bool) {})
	return waits
}

// eachUnconfirmed tells of each record that is not in step whether it is parked,
// and adds to waits the nodes that wait for that.
//
// What was moved to another document stays where it was until its copy has come, and
// so does all that stood above it and went along: of a copy that is parked the user
// was told, and each of these deletions waits for nothing else than his word.
func (c *client) eachUnconfirmed(waits map[outline.NodeID]bool, tell func(parked bool)) {
	asks := c.asksFor()
	above := make(map[outline.NodeID]bool) // a deletion that waits
	c.view(func(tx *store.Tx) error {
		for r, err := range tx.AllUnconfirmed() {
			if err != nil {
				return err
			}
			parked := r.State == store.Parked || asks[r.Doc] || r.File != nil && (asks[r.File.File] || asks[r.File.To.Parent])
			if r.Node != nil {
				parked = parked || waits[r.Node.Node] || waits[r.Node.To.Parent]
				if r.Node.Kind == outline.Delete && (above[r.Node.Node] || r.Copy != nil && waits[r.Copy.Node]) {
					parked, waits[r.Node.Node], above[r.Node.From.Parent] = true, true, true
				}
				if r.State == store.Parked || parked && r.Node.Kind == outline.Insert {
					waits[r.Node.Node] = true
				}
			}
			tell(parked)
		}
		return nil
	})
}

// retryParked makes parked records pending again, as a person may ask for.
func (c *client) retryParked() {
	c.update(func(tx *store.Tx) error {
		for r, err := range tx.AllUnconfirmed() {
			if err != nil {
				return err
			}
			if r.State != store.Parked || r.Reason == sync.OldDatabase && c.w.isThere(c, r) {
				continue
			}
			r.State, r.Reason, r.After = store.Pending, "", time.Time{}
			if err := tx.Rewrite(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// noting counts the classes of outcome.
type noting struct {
	*dynalist.Client
	w *world
}

func (n *noting) class(err error) {
	if f, ok := errors.AsType[*sync.Failure](err); ok {
		n.w.hit("class " + string(f.Class))
	} else if err == nil {
		n.w.hit("class ok")
	}
}

// Edit is that of the client.
func (n *noting) Edit(ctx context.Context, e sync.NodeEdit) (*sync.NodeEdited, error) {
	done, err := n.Client.Edit(ctx, e)
	n.class(err)
	return done, err
}

// EditFiles is that of the client.
func (n *noting) EditFiles(ctx context.Context, e sync.FileEdit) (*sync.FileEdited, error) {
	done, err := n.Client.EditFiles(ctx, e)
	n.class(err)
	return done, err
}

// who names a client among those who write.
func (c *client) who() string { return fmt.Sprintf("client %d", c.n) }
