package web

import (
	"errors"
	"fmt"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// confirmAbove is how many nodes a deletion may take without asking.
const confirmAbove = 20

// errDryRun rolls a transaction back after a dry run.
var errDryRun = errors.New("dry run")

// command is one change under way: the operations of one group, in one
// transaction.
type command struct {
	*resolver
	Change
	group group
	n     int        // operations planned
	filed bool       // some of them of files
	ops   []store.Op // of those, the ones not yet handed to the store
	err   error      // of handing them over; sticky
	res   ChangeResult
}

// batch is how many operations are held before they go to the store, within
// the one transaction: an import of a million items is not held twice.
const batch = 4096

// run makes one command: a repeat is answered from the history, else plan adds
// its operations, which are recorded together or not at all.
func (a *api) run(s session, ch Change, plan func(*command) error) (ChangeResult, error) {
	g, err := parseGroup(ch.Group)
	if err != nil {
		return ChangeResult{}, err
	}
	c := command{Change: ch, group: g, res: ChangeResult{Group: g.String(), Refs: []Ref{}}}
	if err := s.Err(); err != nil {
		return c.res, err
	}
	err = a.DB.Update(func(tx *store.Tx) error {
		if c.resolver, err = newResolver(tx, s.terminal); err != nil {
			return err
		}
		if known, err := c.repeated(); known || err != nil {
			return err
		}
		if err := plan(&c); err != nil {
			return err
		}
		if err := c.record(); err != nil || !c.filed {
			return err
		}
		return tidyForeign(tx, time.Now())
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return c.res, err
}

// record appends what was planned; a dry run is checked in the same way and
// rolled back.
func (c *command) record() error {
	c.flush()
	c.res.Ops, c.res.DryRun = c.n, c.DryRun // none if it is as was asked for already
	if c.err == nil && c.DryRun {
		return errDryRun
	}
	return c.err
}

// flush hands the operations to the store.
func (c *command) flush() {
	if c.err == nil && len(c.ops) > 0 {
		_, c.err = c.tx.Append(c.ops...)
	}
	c.ops = c.ops[:0]
}

func (c *command) plan(op store.Op) {
	op.ID, op.Group, op.Actor = c.group.op(c.n), store.OpID(c.group.String()), c.actor()
	c.n++
	c.filed = c.filed || op.File != nil
	c.ops = append(c.ops, op)
	if len(c.ops) >= batch {
		c.flush()
	}
}

// actor returns who makes the change.
func (c *command) actor() string {
	if c.Actor == "" {
		return "cli"
	}
	return c.Actor
}

// change plans one step of a node.
func (c *command) change(doc outline.FileID, ch outline.Change) {
	c.plan(store.Op{Doc: doc, Node: &ch})
}

// changeFile plans one step of a file.
func (c *command) changeFile(ch outline.FileChange) {
	c.plan(store.Op{File: &ch})
}

// insert plans a new node and returns its id.
func (c *command) insert(doc outline.FileID, to outline.Place, f outline.Fields) outline.NodeID {
	id := c.group.node(c.n)
	c.change(doc, outline.Change{Kind: outline.Insert, Node: id, To: to, New: f})
	return id
}

// insertFile plans a new file and returns its id.
func (c *command) insertFile(kind outline.FileKind, title string, to outline.FilePlace) outline.FileID {
	id := c.group.file(c.n)
	c.changeFile(outline.FileChange{Kind: outline.Insert, File: id, FileKind: kind, NewTitle: title, To: to})
	return id
}

// node resolves a name to a node whose document may be changed.
func (c *command) node(name string) (target, error) {
	t, err := c.find(name, wantNode)
	if err == nil {
		err = editable(t)
	}
	return t, err
}

// editable tells whether the account may change what is in a file.
func editable(t target) error {
	if t.file.Permission.CanEdit() {
		return nil
	}
	e := Fail(outline.ErrReadOnly, "it may only be read by this account", "")
	e.Candidates = []Ref{t.ref()}
	return e
}

// certain refuses to go on with something found by the beginning of an id until a
// person has agreed.
func (c *command) certain(name string, t target) error {
	return c.agree(name, t, t.byPrefix)
}

// agree asks a person whether a beginning stands for what they mean.
func (c *command) agree(name string, t target, guessed bool) error {
	if !guessed || c.Confirm || c.DryRun {
		return nil
	}
	e := Fail(ErrConfirm, fmt.Sprintf("%q is only the beginning of what it names:", name), "repeat with the whole of it, or with --yes")
	e.Candidates = []Ref{t.ref()}
	return e
}

// touched adds a target to the answer.
func (c *command) touched(r Ref, nodes int) {
	c.res.Refs = append(c.res.Refs, r)
	c.res.Nodes += nodes
}

// made describes a node that this command makes, which no tree has yet.
func made(parent target, id outline.NodeID, text string) Ref {
	r := parent.ref()
	r.Kind, r.Node, r.Text = KindNode, id, text
	r.Path = append(r.Path, text)
	return r
}
