package mirror

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"outlast/internal/format"
	"outlast/internal/outline"
)

// What is made of a file stays as it is when its memory serves for another one.
func TestNothingSharesTheMemoryOfAFile(t *testing.T) {
	long := strings.Repeat("a text that gets memory of its own ", 200)
	files := []struct {
		form form
		text string
	}{
		{form{name: format.OPML, ids: true}, `<?xml version="1.0"?>
<opml version="2.0" xmlns:x="y"><head><title>Work</title><outlastFormat>1</outlastFormat>
<outlastRevision>0123456789</outlastRevision><other at="1">kept</other></head><body>
<outline text="one &amp; two" _note="a&#10;note" _id="id1" strange="kept"><outline text="below" _id="id2"/></outline>
<outline text="` + long + `"/></body></opml>`},
		{form{name: format.OPML}, `<opml version="2.0"><head><title>Work</title></head><body>
<outline text="&lt;b&gt;one&lt;/b&gt;" strange="kept"/><outline text="two" _note="a note"/></body></opml>`},
		{form{name: format.Markdown, ids: true}, "# Work\n> the note\n\n- one <!-- red id:id1 -->\n  > its note\n  - " + long + "\n<!-- outlast 0123456789 -->\n"},
		{form{name: format.Markdown}, "# Work\n\n- one\n  > a\n  > note\n  - [x] # two\n<!-- outlast 0123456789 -->\n"},
	}
	for _, file := range files {
		var like *outline.Document
		for range 2 { // by itself, and as a file like the one before
			data, other := []byte(file.text), []byte(file.text)
			got, err := file.form.read(data, "doc", like)
			if err != nil {
				t.Fatal(err)
			}
			want, err := file.form.read(other, "doc", like)
			if err != nil {
				t.Fatal(err)
			}
			copy(data, bytes.Repeat([]byte("#"), len(data)))
			if !got.tree.Equal(want.tree) || got.tree.Title != want.tree.Title || got.revision != want.revision ||
				!reflect.DeepEqual(got.foreign, want.foreign) {
				t.Errorf("what was read of %.60q has changed with the memory of the file", file.text)
			}
			like = want.tree
		}
	}
}

// The memory of a file serves for the next save of it, which is hardly larger, and is
// not doubled for it.
func TestRoomForAFileServesForTheNext(t *testing.T) {
	const size = 1 << 20
	var room bytes.Buffer
	fill := func(size int) int {
		makeRoom(&room, size)
		had := room.Cap()
		if _, err := room.ReadFrom(bytes.NewReader(make([]byte, size))); err != nil {
			t.Fatal(err)
		}
		if room.Len() != size || room.Cap() != had {
			t.Errorf("%d bytes have taken %d of %d", size, room.Len(), room.Cap())
		}
		return had
	}
	had := fill(size)
	if again := fill(size + size/64); again != had {
		t.Errorf("a file a little larger made memory of %d bytes of %d", again, had)
	}
	if larger := fill(size + size/4); larger > size+size/2 {
		t.Errorf("a larger file made memory of %d bytes of %d", larger, had)
	}
	if smaller := fill(10); smaller < had {
		t.Errorf("a small file left memory of %d bytes of %d", smaller, had)
	}
}
