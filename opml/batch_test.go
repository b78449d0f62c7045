package opml

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
)

// A file whose size is known is read by two goroutines when it is large; it gives the
// same, or the same error, as by one.
func TestReadAsideIsTheSame(t *testing.T) {
	doc := outlinetest.Generate(1, 4000)
	sound, _ := encode(t, doc, Options{})
	half := len(sound) / 2
	if half < largeFile {
		t.Fatalf("a file of %d bytes is not large", len(sound))
	}
	first := doc.Root().First().ID
	for name, file := range map[string]string{
		"sound":            sound,
		"cut":              sound[:half],
		"damaged":          sound[:half] + "<" + sound[half:],
		"odd":              strings.Replace(sound, "</body>", "<x/><outline text=\"a\tb\" y=\"z\"/></body>", 1),
		"an id twice":      strings.Replace(sound, "</body>", "<outline text=\"a\" _id=\""+string(first)+"\"/></body>", 1),
		"an id that comes": strings.Replace(sound, "<body>", "<body><outline text=\"a\"/>", 1),
		"ids gone":         strings.ReplaceAll(sound, " _id=", " x="),
	} {
		t.Run(name, func(t *testing.T) {
			for _, makers := range []func() func() outline.NodeID{
				func() func() outline.NodeID { return nil },
				func() func() outline.NodeID { return numbers("new ") },
				func() func() outline.NodeID { return func() outline.NodeID { return first } },
			} {
				want, wantErr := Decode(struct{ io.Reader }{strings.NewReader(file)}, DecodeOptions{KeepIDs: true, NewID: makers()})
				got, err := Decode(strings.NewReader(file), DecodeOptions{KeepIDs: true, NewID: makers()})
				sameResult(t, got, want, err, wantErr)
			}
		})
	}
}

// A fault of the reader is an error of that file, whichever goroutine reads it.
func TestFaultOfTheReaderIsAnError(t *testing.T) {
	file, _ := encode(t, outlinetest.Generate(1, 4000), Options{})
	for name, size := range map[string]int{"aside": len(file), "alone": 0} {
		t.Run(name, func(t *testing.T) {
			res, err := Decode(&faulty{strings.NewReader(file[:len(file)/2]), size}, DecodeOptions{KeepIDs: true})
			if res != nil || !errors.Is(err, errFault) || !strings.Contains(err.Error(), "index out of range") {
				t.Errorf("got %v, %v", res, err)
			}
		})
	}
}

// A fault while the tree is made is one as well, and the goroutine that reads ends.
func TestFaultOfTheBuilderIsAnError(t *testing.T) {
	file, _ := encode(t, outlinetest.Generate(1, 4000), Options{})
	for name, r := range map[string]io.Reader{"aside": strings.NewReader(file), "alone": struct{ io.Reader }{strings.NewReader(file)}} {
		t.Run(name, func(t *testing.T) {
			made := 0
			res, err := Decode(r, DecodeOptions{NewID: func() outline.NodeID {
				if made++; made == 300 {
					panic("out of ids")
				}
				return outline.NodeID(strconv.Itoa(made))
			}})
			if res != nil || !errors.Is(err, errFault) || !strings.Contains(err.Error(), "out of ids") {
				t.Errorf("got %v, %v", res, err)
			}
		})
	}
}

// faulty reads what there is and fails as a bug does.
type faulty struct {
	io.Reader
	size int
}

func (f *faulty) Len() int { return f.size }

func (f *faulty) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil {
		p = p[:0]
	}
	_ = p[0]
	return n, err
}
