package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
	"time"

	"outlast/internal/outline"
)

func openInternal(t testing.TB, o Options) *DB {
	t.Helper()
	o.Path, o.Create = filepath.Join(t.TempDir(), "db"), true
	db, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Verify(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return db
}

func flat(id outline.FileID, n int) *outline.Document {
	d := outline.New(id, "")
	for i := range n {
		d.Append(d.Root(), outline.NodeID(fmt.Sprintf("node-%08d", i)), outline.Fields{Content: "some words"})
	}
	return d
}

// seed puts documents with bases of n nodes and a list of them.
func seed(t testing.TB, db *DB, docs, n int) {
	t.Helper()
	err := db.Update(func(tx *Tx) error {
		files := outline.NewFiles("root")
		for i := range docs {
			id := outline.FileID(fmt.Sprint("doc", i))
			if err := files.Append("root", outline.File{ID: id, Kind: outline.DocumentKind}); err != nil {
				return err
			}
			if _, err := tx.PutBase(flat(id, n), nil, time.Unix(1, 0)); err != nil {
				return err
			}
		}
		return tx.PutBaseFiles(files)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEditWritesFewPages holds the budget of a durable edit: 24 KB.
func TestEditWritesFewPages(t *testing.T) {
	db := openInternal(t, Options{NoSync: true})
	seed(t, db, 20, 2000)
	page := int64(db.bolt.Info().PageSize)
	edits := int64(200)
	before := db.bolt.Stats().TxStats
	for i := range edits {
		err := db.Update(func(tx *Tx) error {
			_, err := tx.Append(Op{ID: OpID(fmt.Sprintf("op-%022d", i)), Doc: "doc3", Node: &outline.Change{
				Kind: outline.Update, Node: "node-00000007", Mask: outline.Content, New: outline.Fields{Content: fmt.Sprint("edit ", i)},
			}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	after := db.bolt.Stats().TxStats
	perEdit := (after.GetPageAlloc()-before.GetPageAlloc())/edits + page // and one meta page
	if perEdit > 24_000 {
		t.Errorf("an edit writes %d bytes, want at most 24,000", perEdit)
	}
}

// TestInsertChangesOneChunk: with borders at fixed counts an insertion at the
// top would rewrite the whole base.
func TestInsertChangesOneChunk(t *testing.T) {
	chunks := func(d *outline.Document) (out [][]byte) {
		err := encodeChunks(d, &Bindings{}, func(c []byte) error {
			out = append(out, bytes.Clone(c))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	d := flat("doc", 50_000)
	before := chunks(d)
	if n := len(before); n < 100 || n > 400 {
		t.Errorf("%d chunks for 50,000 nodes", n)
	}
	// An id that ends no chunk, as 255 of 256 do.
	if err := d.Apply(outline.Change{Kind: outline.Insert, Node: "new node", To: d.First(d.Root())}); err != nil {
		t.Fatal(err)
	}
	after := chunks(d)
	differ := 0
	for i := range before {
		if !bytes.Equal(before[i], after[i]) {
			differ++
		}
	}
	if differ != 1 || len(before) != len(after) {
		t.Errorf("%d chunks differ, %d before and %d after", differ, len(before), len(after))
	}
}

// TestChunksAreBounded: ids that end no chunk must not make one without end.
func TestChunksAreBounded(t *testing.T) {
	d := outline.New("doc", "")
	for i := 0; d.Len() < 3000; i++ {
		id := fmt.Sprint("node ", i)
		if crc32.Checksum([]byte(id), crcTable())&chunkMask != 0 {
			d.Append(d.Root(), outline.NodeID(id), outline.Fields{})
		}
	}
	chunks := 0
	_ = encodeChunks(d, &Bindings{}, func([]byte) error { chunks++; return nil })
	if chunks != 3 {
		t.Errorf("got %d chunks of 3000 nodes, want 3", chunks)
	}
}

// TestOneChangeWritesOneChunk counts what reaches the file.
func TestOneChangeWritesOneChunk(t *testing.T) {
	db := openInternal(t, Options{NoSync: true})
	seed(t, db, 1, 50_000)
	d := flat("doc0", 50_000)
	d.Root().First().Content = "changed"
	before := db.bolt.Stats().TxStats
	err := db.Update(func(tx *Tx) error {
		_, err := tx.PutBase(d, nil, time.Unix(2, 0))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	after := db.bolt.Stats().TxStats
	if written := after.GetPageAlloc() - before.GetPageAlloc(); written > 200_000 {
		t.Errorf("one changed node of 50,000 writes %d bytes", written)
	}
}

func TestCacheIsBounded(t *testing.T) {
	db := openInternal(t, Options{NoSync: true, CacheNodes: 2500})
	seed(t, db, 10, 1000)
	for i := range 10 {
		err := db.View(func(tx *Tx) error {
			_, err := tx.Document(outline.FileID(fmt.Sprint("doc", i)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	nodes := 0
	for id, e := range db.cache.docs {
		if tree := e.tree.peek(); tree != nil {
			nodes += tree.doc.Len()
			if id != "doc8" && id != "doc9" {
				t.Errorf("%s is kept, want the last used", id)
			}
		}
	}
	if nodes != 2002 {
		t.Errorf("%d nodes are kept of at most 2500", nodes)
	}
}

// A rest forgets working trees and nothing else: they are derived again, with what
// was edited.
func TestRestForgetsTrees(t *testing.T) {
	db := openInternal(t, Options{NoSync: true})
	seed(t, db, 3, 100)
	edit := Op{ID: "01J00000000000000000000001", Doc: "doc1", Node: &outline.Change{
		Kind: outline.Update, Node: "node-00000007", Mask: outline.Content, New: outline.Fields{Content: "other words"},
	}}
	if err := db.Update(func(tx *Tx) error { _, err := tx.Append(edit); return err }); err != nil {
		t.Fatal(err)
	}
	read := func() (text string) {
		for i := range 3 {
			err := db.View(func(tx *Tx) error {
				d, err := tx.Document(outline.FileID(fmt.Sprint("doc", i)))
				if err == nil {
					text += d.Node("node-00000007").Content + "\n"
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return text
	}
	before := read()
	db.Rest()
	for id, e := range db.cache.docs {
		if e.tree.peek() != nil {
			t.Errorf("the tree of %q is still kept", id)
		}
	}
	if after := read(); after != before || before != "some words\nother words\nsome words\n" {
		t.Errorf("read %q before and %q after", before, after)
	}
}

// TestUpdateWithoutWriteCostsNoCommit: a repeated op, or a value that is there.
func TestUpdateWithoutWriteCostsNoCommit(t *testing.T) {
	db := openInternal(t, Options{NoSync: true})
	put := func() {
		if err := db.Update(func(tx *Tx) error { return tx.PutCursor("a", []byte("1")) }); err != nil {
			t.Fatal(err)
		}
	}
	put()
	before := db.bolt.Stats().TxStats
	put()
	after := db.bolt.Stats().TxStats
	if after.GetWrite() != before.GetWrite() {
		t.Error("the same value was written again")
	}
}

// TestUnderstoodDamage corrupts values through bbolt itself and looks at what
// each reader says.
func TestUnderstoodDamage(t *testing.T) {
	tests := []struct {
		bucket string
		read   func(*Tx) error
	}{
		{bucketChunks, func(tx *Tx) error { _, err := tx.Document("doc0"); return err }},
		{bucketBase, func(tx *Tx) error { _, err := tx.Document("doc0"); return err }},
		{bucketLog, func(tx *Tx) error { _, err := tx.Document("doc0"); return err }},
		{bucketLog, func(tx *Tx) error { _, err := tx.Waiting(); return err }},
		{bucketLog, func(tx *Tx) error { _, _, err := tx.Known("op"); return err }},
		{bucketBind, func(tx *Tx) error { _, err := tx.Bindings("doc0"); return err }},
		{bucketTomb, func(tx *Tx) error { _, err := tx.Buried("doc0"); return err }},
		{bucketFenced, func(tx *Tx) error { _, err := tx.Fenced("doc0"); return err }},
		{bucketInflight, func(tx *Tx) error { _, err := tx.Inflight("doc0"); return err }},
		{bucketSteps, func(tx *Tx) error { _, err := tx.Expected("doc0"); return err }},
		{bucketCursors, func(tx *Tx) error { _, err := tx.Cursor("a"); return err }},
		{bucketOrphans, func(tx *Tx) error { _, err := tx.Orphans("doc0"); return err }},
		{bucketTrash, func(tx *Tx) error {
			for _, err := range tx.Trashed() {
				return err
			}
			return nil
		}},
		{bucketHistory, func(tx *Tx) error {
			for _, err := range tx.History() {
				if err != nil {
					return err
				}
			}
			return nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.bucket, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "db")
			db := damagedValue(t, path, tt.bucket)
			defer db.Close()
			if err := db.View(tt.read); !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v, want ErrDamaged", err)
			}
			if err := db.Verify(); !errors.Is(err, ErrDamaged) {
				t.Errorf("Verify: got %v, want ErrDamaged", err)
			}
		})
	}
}

// damagedValue returns a database with one bit flipped in the first value of a bucket.
func damagedValue(t *testing.T, path, bucket string) *DB {
	t.Helper()
	db, err := Open(Options{Path: path, Create: true, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	seed(t, db, 1, 500)
	edit := &outline.Change{Kind: outline.Update, Node: outline.RootID, Mask: outline.Note}
	err = db.Update(func(tx *Tx) error {
		recs, err := tx.Append(Op{ID: "done", Doc: "doc0", Node: edit}, Op{ID: "op", Doc: "doc0", Node: edit})
		if err != nil {
			return err
		}
		recs[0].State = Confirmed
		in := &Intent{RequestID: "r", Doc: "doc0"}
		_, err = tx.PutBase(flat("doc0", 500), []byte("{}"), time.Unix(1, 0))
		return errors.Join(err, tx.Rewrite(recs[0]), tx.Bind("doc0", "a", "b"), tx.Bury("doc0", "x", "n"),
			tx.PutInflight(in), tx.PutFenced(in), tx.AddSteps("doc0", []outline.Change{*edit}),
			tx.PutCursor("a", []byte("1")), tx.Trash(Trashed{ID: "t"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *Tx) error {
		tx.wrote = true
		k, v := tx.bucket(bucket).Cursor().First()
		bad := bytes.Clone(v)
		bad[len(bad)/2] ^= 4
		return tx.bucket(bucket).Put(bytes.Clone(k), bad)
	})
	if err == nil {
		err = db.Close()
	}
	if err == nil {
		db, err = Open(Options{Path: path, NoSync: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// TestVanishedRecordIsSeen: no checksum tells that a record is gone.
func TestVanishedRecordIsSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db := damagedValue(t, path, bucketCursors)
	defer db.Close()
	plain, err := db.bolt.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	k, _ := plain.Bucket([]byte(bucketLog)).Cursor().First()
	if err := errors.Join(plain.Bucket([]byte(bucketLog)).Delete(bytes.Clone(k)), plain.Commit()); err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *Tx) error { _, err := tx.Document("doc0"); return err })
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

// TestSwappedValuesAreSeen: each has a checksum that holds, for another key.
func TestSwappedValuesAreSeen(t *testing.T) {
	a, b := seal([]byte("a"), []byte("1")), seal([]byte("b"), []byte("2"))
	if _, err := unseal([]byte("a"), b); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
	if v, err := unseal([]byte("a"), a); string(v) != "1" || err != nil {
		t.Errorf("got %q, %v", v, err)
	}
	if _, err := unseal([]byte("a"), nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("nothing at all: got %v, want ErrDamaged", err)
	}
}

// TestHeadIsChecked damages what bbolt itself would pass over.
func TestHeadIsChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db, err := Open(Options{Path: path, Create: true, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	seed(t, db, 3, 3000)
	const metaStart = 16 // bytes of the header of a meta page
	page, used := db.bolt.Info().PageSize, 0
	if err := db.View(func(tx *Tx) error { used = int(tx.bolt.Size()); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) []byte {
		b := bytes.Clone(sound)
		b[at] ^= 1
		return b
	}
	for _, damage := range []struct {
		name string
		file []byte
	}{
		{"all but the metas is cut", sound[:2*page]}, // bbolt panics, and its lock must go all the same
		{"end is cut", sound[:used-1]},
		{"first meta", flip(metaStart + 40)},
		{"second meta", flip(page + metaStart + 40)},
	} {
		if err := os.WriteFile(path, damage.file, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Options{Path: path}); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: got %v, want ErrDamaged", damage.name, err)
		}
	}
}

// TestLongRunIsSeen: bbolt's check took minutes over a page of 2^30 pages.
func TestLongRunIsSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db, err := Open(Options{Path: path, Create: true, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	seed(t, db, 1, 3000)
	page, used := db.bolt.Info().PageSize, 0
	err = db.View(func(tx *Tx) error {
		for id := 2; used == 0; id++ {
			info, err := tx.bolt.Page(id)
			if err != nil {
				return err
			}
			if info.Type == "leaf" {
				used = id
			}
		}
		return nil
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	binary.NativeEndian.PutUint32(b[used*page+12:], 1<<30)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Path: path}); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

func TestForeignPanicGoesOn(t *testing.T) {
	db := openInternal(t, Options{NoSync: true})
	for name, run := range map[string]func(func(*Tx) error) error{"view": db.View, "update": db.Update} {
		func() {
			defer func() {
				if r := recover(); r != "ours" {
					t.Errorf("%s: recovered %v", name, r)
				}
			}()
			_ = run(func(*Tx) error { panic("ours") })
		}()
	}
}

func FuzzChunk(f *testing.F) {
	_ = encodeChunks(flat("d", 3), &Bindings{}, func(c []byte) error { f.Add(bytes.Clone(c)); return nil })
	f.Add(appendNode(nil, 0, "root", outline.Fields{Heading: 3, Color: 6, Created: -5, Extra: "{}", Checked: true}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, chunk []byte) {
		b := builder{doc: outline.New("d", ""), binds: &Bindings{}}
		if b.chunk(string(chunk)) != nil {
			return
		}
		// What was read reads the same from its own encoding.
		var again builder
		again.doc, again.binds = outline.New("d", ""), &Bindings{}
		for depth, n := range b.doc.Root().Walk() {
			one := appendNode(nil, depth, string(n.ID), n.Fields)
			if err := again.chunk(string(one)); err != nil {
				t.Fatal(err)
			}
		}
		if !again.doc.Equal(b.doc) {
			t.Errorf("got %d nodes, want %d", again.doc.Len(), b.doc.Len())
		}
	})
}

func FuzzRecord(f *testing.F) {
	r := Record{Seq: 5, Op: Op{ID: "op", Doc: "doc", Node: &outline.Change{Kind: outline.Delete, Node: "n"}}, State: Parked}
	b, err := r.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(recordMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRecord(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v, want ErrDamaged", err)
			}
			return
		}
		if again, err := r.encode(); err == nil && len(again) > len(b)+100 {
			t.Errorf("%d bytes became %d", len(b), len(again))
		}
	})
}
