package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"outlast/internal/outline"
)

// jsonRecord is the record as schema 1 stored it.
func jsonRecord(t testing.TB, r Record) []byte {
	t.Helper()
	b, err := r.encode()
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(struct {
		Group  OpID                `json:"group,omitempty"`
		Actor  string              `json:"actor,omitempty"`
		Node   *outline.Change     `json:"node,omitempty"`
		File   *outline.FileChange `json:"file,omitempty"`
		Sends  int                 `json:"sends,omitempty"`
		Reason string              `json:"reason,omitempty"`
		After  time.Time           `json:"after,omitzero"`
		Copy   *CopyRef            `json:"copy,omitempty"`
	}{r.Group, r.Actor, r.Node, r.File, r.Sends, r.Reason, r.After, r.Copy})
	if err != nil {
		t.Fatal(err)
	}
	b = append(b[:recordHeader+len(r.ID)+len(r.Doc)], body...)
	copy(b, "OLr1")
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)+crcSize))
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, crcTable()))
}

// genRecord draws a record of a node or of a file.
func genRecord() *rapid.Generator[Record] {
	id := rapid.StringMatching(`[A-Za-z0-9_-]{1,24}`)
	text := rapid.OneOf(rapid.Just(""), rapid.String())
	kind := rapid.SampledFrom([]outline.Kind{outline.Insert, outline.Update, outline.Move, outline.Delete})
	return rapid.Custom(func(t *rapid.T) Record {
		node := func() outline.NodeID { return outline.NodeID(rapid.OneOf(rapid.Just(""), id).Draw(t, "neighbour")) }
		fields := func() outline.Fields {
			return outline.Fields{
				Content: text.Draw(t, "content"), Note: text.Draw(t, "note"), Extra: text.Draw(t, "extra"),
				Checked: rapid.Bool().Draw(t, "checked"), Checkbox: rapid.Bool().Draw(t, "checkbox"),
				Numbered: rapid.Bool().Draw(t, "numbered"), Collapsed: rapid.Bool().Draw(t, "collapsed"),
				Heading: rapid.Uint8().Draw(t, "heading"), Color: rapid.Uint8().Draw(t, "color"),
				Created: rapid.Int64().Draw(t, "created"), Modified: rapid.Int64().Draw(t, "modified"),
			}
		}
		r := Record{
			Seq: rapid.Uint64().Draw(t, "seq"), Wall: millis(rapid.Int64Range(0, 1<<45).Draw(t, "wall")),
			State: rapid.SampledFrom([]State{Pending, Acknowledged, Parked, Confirmed}).Draw(t, "state"),
			Sends: rapid.IntRange(0, 1000).Draw(t, "sends"), Reason: text.Draw(t, "reason"),
		}
		r.ID, r.Group, r.Actor = OpID(id.Draw(t, "op")), OpID(text.Draw(t, "group")), text.Draw(t, "actor")
		if rapid.Bool().Draw(t, "waits") {
			r.After = time.Unix(rapid.Int64Range(0, 1<<36).Draw(t, "after"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns")).UTC()
		}
		if rapid.Bool().Draw(t, "of a file") {
			file := func() outline.FileID { return outline.FileID(node()) }
			r.File = &outline.FileChange{
				Kind: kind.Draw(t, "kind"), File: outline.FileID(id.Draw(t, "file")),
				FileKind: outline.DocumentKind, OldTitle: text.Draw(t, "old"), NewTitle: text.Draw(t, "new"),
				From: outline.FilePlace{Parent: file(), Left: file()}, To: outline.FilePlace{Parent: file(), Left: file()},
			}
			return r
		}
		r.Doc = outline.FileID(id.Draw(t, "doc"))
		r.Node = &outline.Change{
			Kind: kind.Draw(t, "kind"), Node: outline.NodeID(id.Draw(t, "node")),
			Mask: outline.Mask(rapid.Uint16().Draw(t, "mask")), Old: fields(), New: fields(),
			From: outline.Place{Parent: node(), Left: node(), Right: node()},
			To:   outline.Place{Parent: node(), Left: node(), Right: node()},
		}
		if k := r.Node.Kind; (k == outline.Insert || k == outline.Delete) && rapid.Bool().Draw(t, "copied") {
			r.Copy = &CopyRef{
				Doc: outline.FileID(id.Draw(t, "copy in")), Node: outline.NodeID(id.Draw(t, "copy")),
				Seen: rapid.Bool().Draw(t, "seen"), Free: rapid.Bool().Draw(t, "free"),
			}
		}
		return r
	})
}

// Law: a record comes back as it was stored, in the form of today and in that of
// schema 1.
func TestRecordComesBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := genRecord().Draw(rt, "record")
		b, err := r.encode()
		if err != nil {
			rt.Fatal(err)
		}
		for form, stored := range map[string][]byte{"today": b, "schema 1": jsonRecord(t, r)} {
			got, err := decodeRecord(stored)
			if err != nil || !reflect.DeepEqual(got, r) {
				rt.Errorf("%s: got %+v, want %+v, %v", form, got, r, err)
			}
			raw, err := parseRecord(stored)
			if err != nil || r.Copy != nil && !raw.hasCopy() {
				rt.Errorf("%s: the copy is overlooked, %v", form, err)
			}
		}
	})
}

// A payload that ends early or goes on after its end is no record, even where the
// checksum holds.
func TestPayloadIsWhole(t *testing.T) {
	r := Record{Op: Op{ID: "op", Doc: "doc", Node: &outline.Change{
		Kind: outline.Update, Node: "n", Mask: outline.Content, New: outline.Fields{Content: "text"},
	}}, State: Pending, Reason: "a reason"}
	b, err := r.encode()
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(b []byte) []byte {
		binary.BigEndian.PutUint32(b[4:], uint32(len(b)+crcSize))
		return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, crcTable()))
	}
	b = b[:len(b)-crcSize]
	if _, err := decodeRecord(sealed(append(b[:len(b):len(b)], 0))); err == nil {
		t.Error("a payload with more behind it was taken")
	}
	for end := recordHeader + len("opdoc"); end < len(b); end++ {
		if got, err := decodeRecord(sealed(b[:end:end])); err == nil {
			t.Errorf("a payload cut at byte %d was taken: %+v", end, got)
		}
	}
}

// TestSchema1Opens: a database of schema 1 opens with all that it holds, can be
// written, and is one of today's from then on.
func TestSchema1Opens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	before := oldDatabase(t, path)
	db, err := Open(Options{Path: path, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Verify(); err != nil {
		t.Error(err)
	}
	if got := everything(t, db); !reflect.DeepEqual(got, before) {
		t.Errorf("got %+v, want %+v", got, before)
	}
	err = db.Update(func(tx *Tx) error {
		if n, err := tx.checkSchema(); n != schema || err != nil {
			t.Errorf("schema %d, %v", n, err)
		}
		r := before[len(before)-1]
		r.State, r.Sends = Acknowledged, 1
		_, err := tx.Append(Op{ID: "new", Doc: "doc0", Node: &outline.Change{
			Kind: outline.Insert, Node: "new", To: outline.Place{Parent: outline.RootID},
		}})
		if err != nil {
			return err
		}
		return tx.Rewrite(r)
	})
	if err != nil {
		t.Fatal(err)
	}
	got := everything(t, db)
	if len(got) != len(before)+1 || got[len(before)].ID != "new" || got[len(before)-1].Sends != 1 {
		t.Errorf("after writing: %+v", got)
	}
	if err := db.Verify(); err != nil {
		t.Error(err)
	}
}

// oldDatabase makes a database of schema 1 and returns its records.
func oldDatabase(t *testing.T, path string) []Record {
	t.Helper()
	db, err := Open(Options{Path: path, Create: true, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	seed(t, db, 1, 10)
	err = db.Update(func(tx *Tx) error {
		for i := range 4 {
			if _, err := tx.Append(Op{ID: OpID(fmt.Sprint("op", i)), Actor: "cli", Doc: "doc0", Node: &outline.Change{
				Kind: outline.Update, Node: outline.NodeID(fmt.Sprintf("node-%08d", i)), Mask: outline.Content, New: outline.Fields{Content: "<b>"},
			}}); err != nil {
				return err
			}
		}
		var log []Record
		for r, err := range tx.Unconfirmed("doc0") {
			if err != nil {
				return err
			}
			log = append(log, r)
		}
		if err := tx.ReplaceLog("doc0", log[1:], log[:1]); err != nil {
			return err
		}
		for _, name := range []string{bucketLog, bucketHistory} {
			for _, k := range keysWith(tx.bucket(name), nil) {
				r, err := decodeRecord(tx.bucket(name).Get(k))
				if err != nil {
					return err
				}
				if err := tx.put(name, k, jsonRecord(t, r)); err != nil {
					return err
				}
			}
		}
		return tx.put(bucketMeta, []byte(keySchema), []byte("1"))
	})
	if err != nil {
		t.Fatal(err)
	}
	records := everything(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return records
}

// everything returns all records, the oldest first.
func everything(t *testing.T, db *DB) (all []Record) {
	t.Helper()
	err := db.View(func(tx *Tx) error {
		for r, err := range tx.History() {
			if err != nil {
				return err
			}
			all = append([]Record{r}, all...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A database of schema 1 that may only be read stays as it is.
func TestSchema1IsReadOnlyToo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	before := oldDatabase(t, path)
	b, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	db := &DB{path: path, bolt: b, readOnly: ErrReadOnly, cache: newCache(10), changed: make(chan struct{})}
	defer db.Close()
	if err := db.prepare(false); err != nil {
		t.Fatal(err)
	}
	if got := everything(t, db); !reflect.DeepEqual(got, before) {
		t.Errorf("got %+v, want %+v", got, before)
	}
}
