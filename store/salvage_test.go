package store_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"outlast/store"
	"outlast/store/storetest"
)

// TestSalvageFindsEveryRecord: the tree is gone, with all its branch pages and
// both meta pages; the edits of the user are not.
func TestSalvageFindsEveryRecord(t *testing.T) {
	file := rich(t)
	want := make(map[store.OpID]bool)
	for r := range store.Salvage(file) {
		want[r.ID] = true
	}
	if len(want) != 250 {
		t.Fatalf("%d records in a sound file, want 250", len(want))
	}
	const page = 4096
	for at := 0; at+page <= len(file); at += page {
		if flags := file[at+8]; flags == 1 || flags == 4 { // branch, meta
			clear(file[at : at+page])
		}
	}
	for r := range store.Salvage(file) {
		delete(want, r.ID)
	}
	if len(want) > 0 {
		t.Errorf("%d records are lost", len(want))
	}
}

// TestSalvageTakesNothingDamaged flips each byte of one record.
func TestSalvageTakesNothingDamaged(t *testing.T) {
	file := []byte("noise OLr1 OLr2 more noise ")
	start := len(file)
	db := storetest.OpenFast(t)
	account(t, db, 1)
	appended(t, db, "1")
	raw, err := os.ReadFile(db.Path())
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(raw, []byte("OLr2"))
	file = append(file, raw[at:at+int(binary.BigEndian.Uint32(raw[at+4:]))]...)
	count := func() (n int) {
		for range store.Salvage(file) {
			n++
		}
		return n
	}
	if count() != 1 {
		t.Fatalf("got %d records, want 1", count())
	}
	for i := start; i < len(file); i++ {
		file[i] ^= 1
		if count() != 0 {
			t.Errorf("a flip at byte %d goes unseen", i-start)
		}
		file[i] ^= 1
	}
	for cut := start; cut < len(file); cut++ {
		for range store.Salvage(file[:cut]) {
			t.Errorf("a record cut after %d bytes was taken", cut-start)
		}
	}
}
