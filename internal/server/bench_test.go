package server

import (
	"fmt"
	"testing"

	"outlast/internal/dynalist"
)

// grow gives a document n nodes: wide, all below the root; else in tens.
func (t *tester) grow(n int, wide bool) {
	t.Helper()
	parent := "root"
	for made := 0; made < n; made += maxChanges {
		var changes []object
		for i := range min(maxChanges, n-made) {
			changes = append(changes, insert(parent, made+i, fmt.Sprintf("item %d of an outline of some length", made+i)))
		}
		ids := t.edit("Ok", changes...)
		if !wide {
			parent = ids[made%len(ids)]
		}
	}
}

func BenchmarkDocRead100k(b *testing.B) {
	s := open(b, Config{})
	s.grow(100_000, false)
	q := `{"token":"` + testToken + `","file_id":"` + s.inbox + `"}`
	b.Run("after an edit", func(b *testing.B) {
		for b.Loop() {
			s.docs[s.inbox].forgetBody()
			b.SetBytes(int64(s.send(dynalist.PathDocRead, q).Body.Len()))
		}
	})
	b.Run("from disk", func(b *testing.B) {
		for b.Loop() {
			clear(s.docs)
			b.SetBytes(int64(s.send(dynalist.PathDocRead, q).Body.Len()))
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			b.SetBytes(int64(s.send(dynalist.PathDocRead, q).Body.Len()))
		}
	})
}

func BenchmarkDocEdit200Among50k(b *testing.B) {
	s := open(b, Config{})
	s.grow(50_000, true)
	changes := make([]object, 200)
	for i := range changes {
		changes[i] = insert("root", 25_000+i, "a new item in the middle")
	}
	for b.Loop() {
		s.edit("Ok", changes...)
	}
}
