package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/store"
)

// TestModel drives a database and a model of it, which is two trees and a list,
// with the same random steps. After each step both tell the same.
func TestModel(t *testing.T) {
	dir, runs := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		m := newModel(rt, filepath.Join(dir, fmt.Sprint("db", runs)))
		defer func() { _ = m.db.Close() }()
		rt.Repeat(map[string]func(*rapid.T){
			"append":    m.appendSome,
			"refused":   m.appendRefused,
			"repeat":    m.appendKnown,
			"abandon":   m.abandon,
			"confirm":   m.confirm,
			"acknowl":   m.acknowledge,
			"drop":      m.dropOne,
			"bind":      m.bindBase,
			"rename":    m.rename,
			"reopen":    m.reopen,
			"bookmarks": m.cursor,
			"":          m.check,
		})
		if err := m.db.Verify(); err != nil {
			rt.Fatal(err)
		}
	})
}

// model is what the database should tell of one document.
type model struct {
	db   *store.DB
	path string
	ids  int // given out

	title   string
	base    *outline.Document
	log     []store.Record
	history map[store.OpID]bool
	steps   []outline.Change
	bound   map[outline.NodeID]outline.ServiceID
	cursors map[string]string
}

func newModel(rt *rapid.T, path string) *model {
	m := &model{
		path: path, title: "Plan", base: generate(doc, rapid.IntRange(0, 700).Draw(rt, "nodes")),
		history: make(map[store.OpID]bool), bound: make(map[outline.NodeID]outline.ServiceID),
		cursors: make(map[string]string),
	}
	m.open(rt)
	m.update(rt, func(tx *store.Tx) error {
		if err := m.putFiles(tx); err != nil {
			return err
		}
		_, err := tx.PutBase(m.base, nil, at(1))
		return err
	})
	return m
}

func (m *model) putFiles(tx *store.Tx) error {
	files := outline.NewFiles("folder")
	f := outline.File{ID: doc, Kind: outline.DocumentKind, Title: m.title, Permission: outline.Owner}
	return errors.Join(files.Append("folder", f), tx.PutBaseFiles(files))
}

func (m *model) open(rt *rapid.T) {
	var err error
	// The smallest cache: every tree but one is derived again and again.
	m.db, err = store.Open(store.Options{Path: m.path, Create: true, NoSync: true, CacheNodes: 1})
	if err != nil {
		rt.Fatal(err)
	}
}

func (m *model) update(rt *rapid.T, fn func(*store.Tx) error) {
	if err := m.db.Update(fn); err != nil {
		rt.Fatal(err)
	}
}

// work is base plus log.
func (m *model) work() *outline.Document { return m.sum(m.changes(m.log)) }

func (m *model) sum(changes []outline.Change) *outline.Document {
	d := m.base.Clone()
	d.Root().Content = m.title
	for _, c := range changes {
		if err := d.Apply(c); err != nil {
			panic(err)
		}
	}
	return d
}

func (m *model) changes(recs []store.Record) (out []outline.Change) {
	for _, r := range recs {
		out = append(out, *r.Node)
	}
	return out
}

func (m *model) id(prefix string) string {
	m.ids++
	return fmt.Sprintf("%s-%06d", prefix, m.ids)
}

// change draws a change of d, which need not be a possible one.
func (m *model) change(rt *rapid.T, d *outline.Document) outline.Change {
	nodes := []outline.NodeID{outline.RootID}
	for n := range d.Root().Below() {
		nodes = append(nodes, n.ID)
	}
	pick := func(label string) outline.NodeID { return rapid.SampledFrom(nodes).Draw(rt, label) }
	place := outline.Place{Parent: pick("parent")}
	if rapid.Bool().Draw(rt, "anchored") {
		place = d.After(d.Node(pick("left")))
	}
	text := rapid.StringN(0, 12, 40).Draw(rt, "text")
	switch rapid.SampledFrom([]outline.Kind{outline.Insert, outline.Insert, outline.Update, outline.Move, outline.Delete}).Draw(rt, "kind") {
	case outline.Insert:
		return outline.Change{Kind: outline.Insert, Node: outline.NodeID(m.id("ours")), To: place, New: outline.Fields{Content: text}}
	case outline.Update:
		return outline.Change{Kind: outline.Update, Node: pick("node"), Mask: outline.Note, New: outline.Fields{Note: text}}
	case outline.Move:
		return outline.Change{Kind: outline.Move, Node: pick("node"), To: place}
	default:
		return outline.Change{Kind: outline.Delete, Node: pick("node")}
	}
}

func (m *model) op(rt *rapid.T, d *outline.Document) store.Op {
	c := m.change(rt, d)
	return store.Op{ID: store.OpID(m.id("op")), Actor: "model", Doc: doc, Node: &c}
}

func (m *model) appendSome(rt *rapid.T) {
	for range rapid.IntRange(1, 5).Draw(rt, "ops") {
		work := m.work()
		op := m.op(rt, work)
		want := work.Complete(*op.Node)
		possible := work.Apply(want) == nil
		var recs []store.Record
		err := m.db.Update(func(tx *store.Tx) (err error) {
			recs, err = tx.Append(op)
			return err
		})
		if (err == nil) != possible {
			rt.Fatalf("%+v: got %v, possible: %v", op.Node, err, possible)
		}
		if !possible {
			continue
		}
		if got := *recs[0].Node; got != want {
			rt.Fatalf("got %+v, want it completed as %+v", got, want)
		}
		m.log = append(m.log, recs...)
	}
}

// appendRefused records several ops in one transaction, the last one impossible.
func (m *model) appendRefused(rt *rapid.T) {
	first := m.op(rt, m.work())
	bad := store.Op{ID: "bad", Doc: doc, Node: &outline.Change{Kind: outline.Delete, Node: "nobody"}}
	err := m.db.Update(func(tx *store.Tx) error {
		_, _ = tx.Append(first, bad) // an error that is overlooked
		return nil
	})
	work := m.work()
	if possible := work.Apply(*first.Node) == nil; possible != (err != nil) {
		rt.Fatalf("a half done Append: got %v, first possible: %v", err, possible)
	}
}

func (m *model) appendKnown(rt *rapid.T) {
	if len(m.log) == 0 {
		rt.Skip("nothing to repeat")
	}
	known := rapid.SampledFrom(m.log).Draw(rt, "record")
	m.update(rt, func(tx *store.Tx) error {
		op := store.Op{ID: known.ID, Doc: doc, Node: &outline.Change{Kind: outline.Delete, Node: "whatever"}}
		recs, err := tx.Append(op)
		if err == nil && (recs[0].Seq != known.Seq || *recs[0].Node != *known.Node) {
			rt.Fatalf("got %+v, want %+v", recs[0], known)
		}
		return err
	})
}

// abandon does much and then gives up, by error or by panic.
func (m *model) abandon(rt *rapid.T) {
	panics := rapid.Bool().Draw(rt, "panics")
	boom := errors.New("boom")
	err := func() (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = r.(error)
			}
		}()
		return m.db.Update(func(tx *store.Tx) error {
			_, _ = tx.Append(m.op(rt, m.work()))
			_, _ = tx.PutBase(generate(doc, 3), nil, at(9))
			_ = tx.ReplaceLog(doc, nil, nil)
			_ = tx.Bind(doc, "x", "y")
			_, _ = tx.Document(doc)
			if panics {
				panic(boom)
			}
			return boom
		})
	}()
	if !errors.Is(err, boom) {
		rt.Fatalf("got %v, want boom", err)
	}
}

// confirm takes a read that shows the first records and a stranger's changes.
func (m *model) confirm(rt *rapid.T) {
	n := rapid.IntRange(0, len(m.log)).Draw(rt, "shown")
	read := m.sum(m.changes(m.log[:n]))
	for range rapid.IntRange(0, 3).Draw(rt, "foreign") {
		c := m.change(rt, read)
		c.Node = outline.NodeID("service-" + string(c.Node))
		_ = read.Apply(c)
	}
	read.Version = m.base.Version + 1
	confirmed, rest := slices.Clone(m.log[:n]), m.rebase(read, m.log[n:])
	m.update(rt, func(tx *store.Tx) error {
		for _, r := range confirmed {
			if err := m.bindNew(tx, r); err != nil {
				return err
			}
		}
		if _, err := tx.PutBase(read, nil, at(2)); err != nil {
			return err
		}
		return tx.ReplaceLog(doc, rest, confirmed)
	})
	for _, r := range m.log {
		m.history[r.ID] = true
	}
	for _, r := range rest {
		delete(m.history, r.ID)
	}
	m.base, m.log, m.steps = read, rest, nil
}

// bindNew gives a node made here its id at the service.
func (m *model) bindNew(tx *store.Tx, r store.Record) error {
	if r.Node.Kind != outline.Insert {
		return nil
	}
	s := outline.ServiceID("given-" + string(r.Node.Node))
	m.bound[r.Node.Node] = s
	return tx.Bind(doc, r.Node.Node, s)
}

// rebase returns the records that still apply to d.
func (m *model) rebase(d *outline.Document, recs []store.Record) (kept []store.Record) {
	d = d.Clone()
	for _, r := range recs {
		c := d.Complete(*r.Node)
		if d.Apply(c) == nil {
			r.Node = &c
			kept = append(kept, r)
		}
	}
	return kept
}

// acknowledge marks the first pending record and remembers its change.
func (m *model) acknowledge(rt *rapid.T) {
	i := slices.IndexFunc(m.log, func(r store.Record) bool { return r.State == store.Pending })
	if i < 0 {
		rt.Skip("nothing pending")
	}
	r := m.log[i]
	r.State, r.Sends = store.Acknowledged, 1
	expected := m.sum(m.steps)
	applies := expected.Apply(*r.Node) == nil
	m.update(rt, func(tx *store.Tx) error {
		if applies {
			if err := tx.AddSteps(doc, []outline.Change{*r.Node}); err != nil {
				return err
			}
		}
		return tx.Rewrite(r)
	})
	if applies {
		m.steps = append(m.steps, *r.Node)
	}
	m.log[i] = r
}

// dropOne rebases without one record, which then may be needed by others.
func (m *model) dropOne(rt *rapid.T) {
	if len(m.log) == 0 {
		rt.Skip("nothing to drop")
	}
	i := rapid.IntRange(0, len(m.log)-1).Draw(rt, "dropped")
	rest := slices.Delete(slices.Clone(m.log), i, i+1)
	err := m.db.Update(func(tx *store.Tx) error { return tx.ReplaceLog(doc, rest, nil) })
	if applies := len(m.rebase(m.base, rest)) == len(rest); applies != (err == nil) {
		rt.Fatalf("a log that applies: %v, got %v", applies, err)
	}
	if err != nil {
		return
	}
	m.history[m.log[i].ID] = true
	m.log = rest
}

// bindBase gives a node of the base another of our ids, as when a candidate
// turns out to be ours. No record may name it.
func (m *model) bindBase(rt *rapid.T) {
	named := make(map[outline.NodeID]bool)
	for _, c := range append(m.changes(m.log), m.steps...) {
		for _, id := range []outline.NodeID{c.Node, c.From.Parent, c.To.Parent, c.To.Left, c.To.Right} {
			named[id] = true
		}
	}
	var free []outline.NodeID
	for n := range m.base.Root().Below() {
		if _, bound := m.bound[n.ID]; !bound && !named[n.ID] {
			free = append(free, n.ID)
		}
	}
	if len(free) == 0 {
		rt.Skip("no node to bind")
	}
	old := rapid.SampledFrom(free).Draw(rt, "node")
	ours := outline.NodeID(m.id("late"))
	m.update(rt, func(tx *store.Tx) error { return tx.Bind(doc, ours, outline.ServiceID(old)) })
	m.bound[ours] = outline.ServiceID(old)
	m.base = renamed(m.base, old, ours)
}

// renamed returns the document with another id for one node.
func renamed(d *outline.Document, old, now outline.NodeID) *outline.Document {
	c := outline.New(d.ID, d.Title)
	c.Version, c.Root().Fields = d.Version, d.Root().Fields
	name := func(id outline.NodeID) outline.NodeID {
		if id == old {
			return now
		}
		return id
	}
	for n := range d.Root().Below() {
		c.Append(c.Node(name(n.Parent().ID)), name(n.ID), n.Fields)
	}
	return c
}

func (m *model) rename(rt *rapid.T) {
	m.title = m.id("title")
	m.update(rt, m.putFiles)
}

func (m *model) reopen(rt *rapid.T) {
	if err := errors.Join(m.db.Verify(), m.db.Close()); err != nil {
		rt.Fatal(err)
	}
	if _, err := os.Stat(m.path + ".pid"); err == nil {
		rt.Fatal("the pid file stays")
	}
	m.open(rt)
}

func (m *model) cursor(rt *rapid.T) {
	name := rapid.SampledFrom([]string{"push", "mirror", "snapshot"}).Draw(rt, "name")
	m.cursors[name] = rapid.String().Draw(rt, "value")
	m.update(rt, func(tx *store.Tx) error { return tx.PutCursor(name, []byte(m.cursors[name])) })
}

// check compares all that the database tells with the model.
func (m *model) check(rt *rapid.T) {
	err := m.db.View(func(tx *store.Tx) error {
		return errors.Join(m.checkTrees(tx), m.checkRecords(tx), m.checkRest(tx))
	})
	if err != nil {
		rt.Fatal(err)
	}
}

func (m *model) checkTrees(tx *store.Tx) error {
	work, err1 := tx.Document(doc)
	base, err2 := tx.Base(doc)
	expected, err3 := tx.Expected(doc)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	if tx.HasSteps(doc) != (len(m.steps) > 0) {
		return fmt.Errorf("HasSteps with %d steps", len(m.steps))
	}
	for name, pair := range map[string][2]*outline.Document{
		"work": {work, m.work()}, "base": {base, m.sum(nil)}, "expected": {expected, m.sum(m.steps)},
	} {
		if !pair[0].Equal(pair[1]) {
			return fmt.Errorf("%s differs by %+v", name, outline.Diff(pair[1], pair[0]))
		}
		if pair[0].Title != m.title || pair[0].Version != m.base.Version {
			return fmt.Errorf("%s is %q version %d", name, pair[0].Title, pair[0].Version)
		}
	}
	return nil
}

func (m *model) checkRecords(tx *store.Tx) error {
	i, last := 0, uint64(0)
	var each []store.Record
	for r, err := range tx.Unconfirmed(doc) {
		if err != nil {
			return err
		}
		if i >= len(m.log) || r.ID != m.log[i].ID || r.State != m.log[i].State || *r.Node != *m.log[i].Node {
			return fmt.Errorf("record %d is %+v", i, r)
		}
		if r.Seq <= last {
			return fmt.Errorf("sequence %d follows %d", r.Seq, last)
		}
		m.log[i].Seq, last = r.Seq, r.Seq
		each = append(each, r)
		i++
	}
	if log, err := tx.Log(doc); err != nil || !reflect.DeepEqual(log, each) {
		return fmt.Errorf("Log is %+v, not %+v: %w", log, each, err)
	}
	if seq, err := tx.LastSeq(doc); i != len(m.log) || seq != last || err != nil {
		return fmt.Errorf("%d records of %d, the last at %d, LastSeq %d, %w", i, len(m.log), last, seq, err)
	}
	return m.checkHistory(tx)
}

func (m *model) checkHistory(tx *store.Tx) error {
	confirmed, above := 0, ^uint64(0)
	for r, err := range tx.History() {
		if err != nil {
			return err
		}
		if r.Seq > above {
			return fmt.Errorf("history: %d after %d", r.Seq, above)
		}
		above = r.Seq
		if r.State != store.Confirmed {
			continue
		}
		confirmed++
		known, ok, err := tx.Known(r.ID)
		if !m.history[r.ID] || !ok || err != nil || known.State != store.Confirmed {
			return fmt.Errorf("op %s in the history: known %v, %w", r.ID, ok, err)
		}
	}
	if confirmed != len(m.history) {
		return fmt.Errorf("%d confirmed records, want %d", confirmed, len(m.history))
	}
	return nil
}

func (m *model) checkRest(tx *store.Tx) error {
	binds, err := tx.Bindings(doc)
	if err != nil {
		return err
	}
	for n, want := range m.bound {
		got, ok := binds.Bound(n)
		back, taken := binds.Taken(want)
		if got != want || !ok || back != n || !taken || binds.Ours(want) != n || binds.Service(n) != want {
			return fmt.Errorf("%s is bound to %s and back to %s, want %s", n, got, back, want)
		}
	}
	for name, want := range m.cursors {
		if got, err := tx.Cursor(name); string(got) != want || got == nil || err != nil {
			return fmt.Errorf("cursor %s: got %q, %w", name, got, err)
		}
	}
	waiting, err := tx.Waiting()
	c := waiting[doc]
	if err == nil && c.Pending+c.Acknowledged+c.Parked != len(m.log) {
		err = fmt.Errorf("waiting: got %+v, want %d in all", c, len(m.log))
	}
	return err
}
