package opml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
)

// alike fails unless a file gives the same with and without a document that it may
// be like, read as a whole or by small pieces.
func alike(t tester, file []byte, opts DecodeOptions, like *outline.Document) {
	opts.NewID = numbers("new ")
	want, wantErr := Decode(bytes.NewReader(file), opts)
	opts.Like, opts.NewID = like, numbers("new ")
	got, err := Decode(bytes.NewReader(file), opts)
	sameResult(t, got, want, err, wantErr)
	opts.NewID = numbers("new ")
	got, err = Decode(&small{file}, opts)
	sameResult(t, got, want, err, wantErr)
}

// small reads by pieces that end within lines.
type small struct{ rest []byte }

func (s *small) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 611)], s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func sameResult(t tester, got, want *Result, err, wantErr error) {
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("got error %v, want %v", err, wantErr)
	}
	if err != nil {
		return
	}
	if !got.Document.Equal(want.Document) || got.Document.Title != want.Document.Title {
		t.Fatalf("another document was read")
	}
	const format = "%v %q %v %v %v"
	a := fmt.Sprintf(format, got.Head, got.Kept, got.Flavor, got.Warnings, got.Fresh)
	b := fmt.Sprintf(format, want.Head, want.Kept, want.Flavor, want.Warnings, want.Fresh)
	if a != b {
		t.Fatalf("got\n%s\nwant\n%s", a, b)
	}
}

// spoil changes bytes of a file here and there, as no outliner does, and some that do.
func spoil(r *rand.Rand, file string) string {
	for range r.IntN(4) {
		at := r.IntN(len(file))
		end := min(len(file), at+r.IntN(5))
		piece := [...]string{
			"", " ", "\n", "\t", "x", "&amp;", "&#38;", "<", ">", "\"", "'", "/", "/>", "é", "\xff", "\x01", " x=\"1\"", "=\"", "text",
			"<!-- c -->", "<outline text=\"a\"/>", "</outline>", "<Outline text=\"b\">", "<other/>", " _id=\"made-1\"", " complete=\"true\"",
		}[r.IntN(26)]
		file = file[:at] + piece + file[end:]
	}
	return file
}

// Whatever was done to a file, the document that it held changes nothing of what is read.
func TestLikeReadsTheSame(t *testing.T) {
	seeds := uint64(150)
	if testing.Short() {
		seeds = 30
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 5))
		old := outlinetest.Generate(seed, 1+r.IntN(100))
		edited := old.Clone()
		outlinetest.Edit(seed, edited, r.IntN(12))
		var file bytes.Buffer
		opts := Options{Flavor: savedFlavor(r.IntN(2) == 0), NoDates: r.IntN(8) > 0}
		if _, err := Encode(&file, edited, opts); err != nil {
			t.Fatal(err)
		}
		text := file.String()
		if r.IntN(2) == 0 {
			text = spoil(r, text)
		}
		if r.IntN(6) == 0 {
			text = strings.ReplaceAll(text, "\n  ", "\r\n\t")
		}
		lim := Limits{Depth: 3 + r.IntN(30), Nodes: 1 + r.IntN(600), Attribute: 60 + r.IntN(600)}
		strange := outlinetest.Generate(seed+1000, 50)
		for _, like := range []*outline.Document{old, edited, strange} {
			alike(t, []byte(text), DecodeOptions{KeepIDs: true}, like)
			alike(t, []byte(text), DecodeOptions{KeepIDs: true, Limits: lim}, like)
			alike(t, []byte(text), DecodeOptions{ID: "d"}, like)
		}
	}
}

// Two files of any bytes: what the one holds changes nothing of how the other is read.
func FuzzLike(f *testing.F) {
	for seed := range uint64(6) {
		old := outlinetest.Generate(seed, 12)
		edited := old.Clone()
		outlinetest.Edit(seed, edited, int(seed))
		was, _ := encode(f, old, Options{NoDates: true})
		now, _ := encode(f, edited, Options{Flavor: savedFlavor(seed%2 == 0), NoDates: true})
		f.Add([]byte(was), []byte(now))
		f.Add([]byte(was), []byte(spoil(rand.New(rand.NewPCG(seed, 7)), now)))
	}
	f.Fuzz(func(t *testing.T, was, now []byte) {
		like, err := Decode(bytes.NewReader(was), DecodeOptions{KeepIDs: true, NewID: numbers("was ")})
		if err != nil {
			return
		}
		alike(t, now, DecodeOptions{KeepIDs: true}, like.Document)
	})
}

// Texts of all kinds, among them those that XML cannot hold: the document is no
// evidence of what a file says.
func TestLikeOfAnyText(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		doc := outline.New("d", "t")
		at := doc.Root()
		for i := range rapid.IntRange(1, 5).Draw(r, "nodes") {
			f := drawFields(r)
			if rapid.Bool().Draw(r, "bytes") {
				f.Content = string(rapid.SliceOfN(rapid.Byte(), 0, 30).Draw(r, "content bytes"))
			}
			if rapid.IntRange(0, 9).Draw(r, "odd") == 0 {
				f.Color, f.Heading = rapid.Uint8().Draw(r, "any color"), rapid.Uint8().Draw(r, "any heading")
			}
			at = doc.Append(at, outline.NodeID(fmt.Sprint("id", i)), f)
		}
		for _, ids := range []bool{true, false} {
			file, _ := encode(r, doc, Options{Flavor: savedFlavor(ids), NoDates: true})
			alike(r, []byte(file), DecodeOptions{KeepIDs: true}, doc)
		}
	})
}

// A text that XML cannot hold is refused, in a file that two goroutines read, too, where
// the document has it just as well; and one that is not in the file does no harm.
func TestLikeOfUnheldText(t *testing.T) {
	for name, text := range map[string]string{"no UTF-8": "caf\xe9 and more", "no character": "a text\uFFFE"} {
		for field, set := range map[string]func(n *outline.Node, s string){
			"content": func(n *outline.Node, s string) { n.Content = s },
			"note":    func(n *outline.Node, s string) { n.Note = s },
			"escaped": func(n *outline.Node, s string) { n.Content = "<" + s },
		} {
			const mark = "text to be replaced"
			doc := outlinetest.Generate(1, 4000)
			n := doc.Root().First()
			set(n, mark)
			file, _ := encode(t, doc, Options{NoDates: true})
			file = strings.Replace(file, mark, text, 1)
			set(n, text)
			if len(file) < largeFile {
				t.Fatalf("a file of %d bytes is not large", len(file))
			}
			alike(t, []byte(file), DecodeOptions{KeepIDs: true}, doc)
			_, err := Decode(strings.NewReader(file), DecodeOptions{KeepIDs: true, Like: doc})
			if fault := (&SyntaxError{}); !errors.As(err, &fault) {
				t.Errorf("%s in %s: got %v", name, field, err)
			}
		}
	}
	doc := outlinetest.Generate(1, 4000)
	doc.Append(doc.Root(), "caf\xe9", outline.Fields{Content: "é"})
	for _, flavor := range []Flavor{Dynalist, Portable} {
		file, _ := encode(t, doc, Options{Flavor: flavor, NoDates: true})
		alike(t, []byte(file), DecodeOptions{KeepIDs: true}, doc)
	}
}

// Of a file without ids an outline gets the id of a node that reads the same, with the
// fields that no file holds, or a new one, and nothing else differs.
func TestLikeIDsAreOfEqualNodes(t *testing.T) {
	known, all := 0, 0
	for seed := range uint64(60) {
		old := outlinetest.Generate(seed, 200)
		edited := old.Clone()
		outlinetest.Edit(seed, edited, int(seed%20))
		var file bytes.Buffer
		if _, err := Encode(&file, edited, Options{Flavor: Portable, NoDates: true}); err != nil {
			t.Fatal(err)
		}
		opts := DecodeOptions{KeepIDs: true, NewID: numbers("new ")}
		want, err := Decode(bytes.NewReader(file.Bytes()), opts)
		if err != nil {
			t.Fatal(err)
		}
		opts.Like, opts.LikeIDs, opts.NewID = old, true, numbers("new ")
		got, err := Decode(bytes.NewReader(file.Bytes()), opts)
		if err != nil {
			t.Fatal(err)
		}
		next, stop := iter.Pull2(want.Document.Root().Walk())
		for depth, n := range got.Document.Root().Walk() {
			at, other, _ := next()
			want := other.Fields
			if was := old.Node(n.ID); depth > 0 && was != nil {
				known++
				want = want.With(outline.Created|outline.Modified|outline.Extra, was.Fields)
				if was.Content != n.Content {
					t.Errorf("seed %d: %q has the id of %q", seed, n.Content, was.Content)
				}
			}
			if at != depth || n.Fields != want {
				t.Fatalf("seed %d: got %d %+v, want %d %+v", seed, depth, n.Fields, at, want)
			}
		}
		stop()
		all += got.Document.Len()
	}
	if 10*known < 8*all {
		t.Errorf("%d of %d nodes were known", known, all)
	}
}

// A block of short texts that is there again is no reason to take the ids of the first.
func TestLikeIDsAreNotTakenByACopy(t *testing.T) {
	block := func(d *outline.Document, title string) {
		top := d.Append(d.Root(), outline.NodeID(title), outline.Fields{Content: title})
		for _, line := range []string{"Tasks", "Notes", "Log"} {
			d.Append(top, outline.NodeID(title+line), outline.Fields{Content: line})
		}
	}
	old, now := outline.New("d", ""), outline.New("d", "")
	block(now, "Day 3")
	for _, d := range []*outline.Document{old, now} {
		block(d, "Day 2")
		block(d, "Day 1")
	}
	var file bytes.Buffer
	if _, err := Encode(&file, now, Options{Flavor: Portable, NoDates: true}); err != nil {
		t.Fatal(err)
	}
	got, err := Decode(&file, DecodeOptions{KeepIDs: true, NewID: numbers("new "), Like: old, LikeIDs: true})
	if err != nil {
		t.Fatal(err)
	}
	for n := range got.Document.Root().First().Below() {
		if old.Node(n.ID) != nil {
			t.Errorf("%s of the new block has the id %s", n.Content, n.ID)
		}
	}
}

// What is expected is found, else this would only be slow: most texts of a saved
// file need no memory of their own.
func TestLikeIsUsed(t *testing.T) {
	old := outlinetest.Generate(1, 5000)
	edited := old.Clone()
	outlinetest.Edit(2, edited, 10)
	for _, ids := range []bool{true, false} {
		file, _ := encode(t, edited, Options{Flavor: savedFlavor(ids), NoDates: true})
		d := NewDecoder(strings.NewReader(file), DecodeOptions{Like: old})
		nodes := 0
		for {
			if _, err := d.Next(); err != nil {
				break
			}
			nodes++
		}
		if nodes != edited.Len()-1 || d.like == nil || d.like.hits < nodes-100 {
			t.Errorf("ids %v: %d outlines, of which %+v", ids, nodes, d.like)
		}
	}
}

// A file of another document is not searched for ever.
func TestLikeOfAnotherDocumentEnds(t *testing.T) {
	file, _ := encode(t, outlinetest.Generate(1, 5000), Options{Flavor: Portable})
	d := NewDecoder(strings.NewReader(file), DecodeOptions{Like: outlinetest.Generate(2, 5000)})
	for {
		if _, err := d.Next(); err != nil {
			break
		}
	}
	if d.like != nil {
		t.Errorf("still expects something after %d misses", d.like.misses)
	}
}
