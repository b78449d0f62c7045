package store

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"outlast/internal/outline"
)

// To hold a packed document takes memory for what the log names and for a block,
// not for the document.
func TestPackedTakesLittleMemory(t *testing.T) {
	db := openInternal(t, Options{NoSync: true})
	const nodes = 60_000
	err := db.Update(func(tx *Tx) error {
		files := outline.NewFiles("folder")
		if err := files.Append("folder", outline.File{ID: "doc", Kind: outline.DocumentKind, Title: "Plan", Permission: outline.Owner}); err != nil {
			return err
		}
		d := outline.New("doc", "Plan")
		for i := range nodes {
			d.Append(d.Root(), outline.NodeID("service-"+string(rune(0x4E00+i%20_000))+string(rune(0x4E00+i/20_000))), outline.Fields{
				Content: "a text that is long enough for a large spool, as it is in real life and in tests, too",
			})
		}
		if err := tx.PutBaseFiles(files); err != nil {
			return err
		}
		_, err := tx.PutBase(d, nil, now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	change := outline.Change{Kind: outline.Insert, Node: "new", To: outline.Place{Parent: outline.RootID}}
	err = db.Update(func(tx *Tx) error {
		_, err := tx.Append(Op{ID: "op", Doc: "doc", Node: &change})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	db.cache.drop("doc")
	var p *Packed
	if err := db.View(func(tx *Tx) error { p, err = tx.Pack("doc"); return err }); err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if p.spool.file == nil || len(p.spool.memory) > 0 || p.over.Len() > 8 || len(p.starts) > nodes/100 {
		t.Errorf("%d bytes, %d nodes, %d blocks held of %d nodes, a file: %v",
			len(p.spool.memory), p.over.Len(), len(p.starts), nodes, p.spool.file != nil)
	}
}

// A spool holds what it was given, whether a file can be made or not, and when
// the disk is full in the middle of it.
func TestSpool(t *testing.T) {
	piece := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	for name, prepare := range map[string]func(t *testing.T, s *spool, n int){
		"a file":          func(*testing.T, *spool, int) {},
		"no file":         func(_ *testing.T, s *spool, n int) { s.dir = filepath.Join(s.dir, "none") },
		"full afterwards": refuseAfter(30),
	} {
		t.Run(name, func(t *testing.T) {
			s := &spool{dir: t.TempDir()}
			var all []byte
			for n := range 40 {
				prepare(t, s, n)
				piece[0] = byte(n)
				all = append(all, piece...)
				if err := s.write(piece); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.read(1, s.size)
			if err != nil || got != string(all[1:]) {
				t.Errorf("got other bytes, %v", err)
			}
			if (s.file != nil) != (name == "a file") {
				t.Errorf("in a file: %v", s.file != nil)
			}
			if err := s.close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// refuseAfter lets the spool's file take nothing more after that many writes.
func refuseAfter(writes int) func(*testing.T, *spool, int) {
	return func(t *testing.T, s *spool, n int) {
		if n != writes {
			return
		}
		text, err := s.read(0, s.size)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "full")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = s.file.Close()
		if s.file, err = os.Open(name); err != nil {
			t.Fatal(err)
		}
	}
}
