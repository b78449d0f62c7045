package opml

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	goopml "github.com/gilliek/go-opml/opml"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
)

// The peers run beside us, by turns, on the same document and in one process;
// the metric is the median of their processor time by the median of ours.

func sizes(b *testing.B, run func(b *testing.B, doc *outline.Document)) {
	for _, k := range []int{200, 1000} {
		b.Run(fmt.Sprintf("size=%dk", k), func(b *testing.B) { run(b, loaded(b, k*1000)) })
	}
}

// loaded returns a document as a reader leaves it in memory, for which its texts
// lie in the order of the nodes; a generator strews them about.
func loaded(b *testing.B, nodes int) *outline.Document {
	var file bytes.Buffer
	if _, err := Encode(&file, outlinetest.Generate(1, nodes), Options{}); err != nil {
		b.Fatal(err)
	}
	res, err := Decode(&file, DecodeOptions{KeepIDs: true})
	if err != nil {
		b.Fatal(err)
	}
	return res.Document
}

func BenchmarkWrite(b *testing.B) {
	sizes(b, func(b *testing.B, doc *outline.Document) {
		size := &counting{}
		write := func() {
			size.n = 0
			if _, err := Encode(size, doc, Options{}); err != nil {
				b.Fatal(err)
			}
		}
		write()
		b.SetBytes(size.n)
		compare(b, write, map[string]func(){
			"go-opml":      func() { writeGoOPML(b, doc, true) },
			"go-opml-text": func() { writeGoOPML(b, doc, false) },
			"xml":          func() { writeXML(b, doc) },
		})
	})
}

func BenchmarkRead(b *testing.B) {
	sizes(b, func(b *testing.B, doc *outline.Document) {
		var file bytes.Buffer
		if _, err := Encode(&file, doc, Options{}); err != nil {
			b.Fatal(err)
		}
		goOPML := func() {
			if _, err := goopml.NewOPML(file.Bytes()); err != nil {
				b.Fatal(err)
			}
		}
		b.Run("events", func(b *testing.B) {
			b.SetBytes(int64(file.Len()))
			compare(b, func() { readEvents(b, file.Bytes()) }, map[string]func(){
				"go-opml": goOPML,
				"xml":     func() { readXML(b, file.Bytes()) },
			})
		})
		b.Run("document", func(b *testing.B) {
			b.SetBytes(int64(file.Len()))
			compare(b, func() { readDocument(b, file.Bytes()) }, map[string]func(){"go-opml": goOPML})
		})
	})
}

// compare measures ours, and then by turns with each peer for the ratios.
func compare(b *testing.B, ours func(), peers map[string]func()) {
	b.ReportAllocs()
	for b.Loop() {
		ours()
	}
	const rounds = 3
	for name, peer := range peers {
		var a, p []time.Duration
		for range rounds {
			a, p = append(a, timed(ours)), append(p, timed(peer))
		}
		b.ReportMetric(float64(median(p))/float64(median(a)), "x-"+name)
	}
}

func timed(run func()) time.Duration {
	runtime.GC()
	start := spent()
	run()
	return spent() - start
}

func median(d []time.Duration) time.Duration {
	for i := range d {
		for j := range i {
			if d[i] < d[j] {
				d[i], d[j] = d[j], d[i]
			}
		}
	}
	return d[len(d)/2]
}

type counting struct{ n int64 }

func (c *counting) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

func readEvents(b *testing.B, file []byte) {
	d := NewDecoder(bytes.NewReader(file), DecodeOptions{})
	for {
		if _, err := d.Next(); err == io.EOF {
			return
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

func readDocument(b *testing.B, file []byte) {
	if _, err := Decode(bytes.NewReader(file), DecodeOptions{KeepIDs: true}); err != nil {
		b.Fatal(err)
	}
}

func readXML(b *testing.B, file []byte) {
	d := xml.NewDecoder(bytes.NewReader(file))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

// writeGoOPML converts the document to go-opml's types, which know no note and no
// mark, and writes it: with all that they can hold of a node, text and created, or
// with the text alone.
func writeGoOPML(b *testing.B, doc *outline.Document, dates bool) {
	file := goopml.OPML{Version: "2.0", Head: goopml.Head{Title: doc.Title}}
	file.Body.Outlines = goOutlines(doc.Root(), dates)
	s, err := file.XML()
	if err != nil || strings.Count(s, "<outline") != doc.Len()-1 {
		b.Fatal(err)
	}
}

func goOutlines(n *outline.Node, dates bool) []goopml.Outline {
	list := make([]goopml.Outline, 0, n.ChildCount())
	for c := range n.Children() {
		o := goopml.Outline{Text: c.Content, Outlines: goOutlines(c, dates)}
		if dates {
			o.Created = formatDate(c.Created)
		}
		list = append(list, o)
	}
	return list
}

// writeXML writes text and note through the tokens of encoding/xml.
func writeXML(b *testing.B, doc *outline.Document) {
	e := xml.NewEncoder(io.Discard)
	name := xml.Name{Local: "outline"}
	var write func(n *outline.Node)
	write = func(n *outline.Node) {
		start := xml.StartElement{Name: name, Attr: xmlAttrs(n)}
		if err := e.EncodeToken(start); err != nil {
			b.Fatal(err)
		}
		for c := range n.Children() {
			write(c)
		}
		if err := e.EncodeToken(start.End()); err != nil {
			b.Fatal(err)
		}
	}
	write(doc.Root())
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
}

func xmlAttrs(n *outline.Node) []xml.Attr {
	attr := func(name, value string) xml.Attr { return xml.Attr{Name: xml.Name{Local: name}, Value: value} }
	list := []xml.Attr{attr("text", n.Content)}
	if n.Note != "" {
		list = append(list, attr("_note", n.Note))
	}
	return append(list, attr("_id", string(n.ID)),
		attr("_created", fmt.Sprint(n.Created)), attr("_modified", fmt.Sprint(n.Modified)))
}

// The writer allocates its buffer, not per node.
func TestWriteAllocations(t *testing.T) {
	allocs := func(nodes int) float64 {
		doc := outlinetest.Generate(1, nodes)
		return testing.AllocsPerRun(3, func() {
			if _, err := Encode(io.Discard, doc, Options{}); err != nil {
				t.Fatal(err)
			}
		})
	}
	if small, large := allocs(100), allocs(10_000); large > small+2 {
		t.Errorf("got %.0f allocations for 10,000 nodes, %.0f for 100", large, small)
	}
}

// A stream of a million nodes, which no tree holds, is written in memory that does
// not grow: what is allocated in all is the buffer.
func TestStreamedWriteHoldsNothing(t *testing.T) {
	nodes := 1_000_000
	if testing.Short() {
		nodes = 50_000
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	e := NewEncoder(io.Discard, Options{})
	if err := e.Begin(Head{}); err != nil {
		t.Fatal(err)
	}
	f := outline.Fields{Content: "R&D <b> 🙂", Note: "one\ntwo", Created: 1_700_000_000_000, Modified: 1_700_000_000_000}
	for i := range nodes {
		if err := e.Node(i%12, "HSxrGeOEl9WI7uWIq-Qjv8Rq", &f, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.End(); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d bytes allocated for %d nodes", got, nodes)
	}
}
