package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"outlast/internal/outline"
	"outlast/internal/web"
)

// checkService reads the service by another way and looks for every edit.
func (s *story) checkService(ctx context.Context) (string, error) {
	var err error
	if s.end, err = readWorld(ctx, s.reader); err != nil {
		return "", err
	}
	var wrong []error
	for _, e := range s.edits {
		wrong = append(wrong, e.check(s.end))
	}
	for _, e := range s.foreign {
		wrong = append(wrong, e.check(s.end))
	}
	wrong = append(wrong, s.checkCount())
	if err := errors.Join(wrong...); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d edits made, %d at the service, 0 lost, 0 twice; the stranger's %d changes are all there",
		len(s.edits), len(s.edits), len(s.foreign)), nil
}

// checkCount compares the number of items with what the edits account for, so that
// a copy would be seen wherever it is.
func (s *story) checkCount() error {
	want := len(s.start.items)
	for _, e := range s.edits {
		switch e.kind {
		case "add":
			want++
		case "delete":
			want -= s.start.sizeOf(e.text)
		}
	}
	for _, e := range s.foreign {
		if e.step.Kind == outline.Insert {
			want++
		}
	}
	if got := len(s.end.items); got != want {
		return fmt.Errorf("%d items at the service, the edits account for %d", got, want)
	}
	return nil
}

// sizeOf returns the number of items of the subtree with a text at its top.
func (w *world) sizeOf(text string) int {
	for i, item := range w.items {
		if item.text != text {
			continue
		}
		n := 1
		for _, below := range w.items[i+1:] {
			if below.doc != item.doc || below.depth <= item.depth {
				break
			}
			n++
		}
		return n
	}
	return 0
}

// checkMirror compares the client's copy with the service once more.
func (s *story) checkMirror(ctx context.Context) (string, error) {
	if err := s.compareMirror(ctx, s.end); err != nil {
		return "", err
	}
	return fmt.Sprintf("the copy here equals the service: %s, %s", plural(len(s.end.docs), "document"),
		plural(len(s.end.items), "item")), nil
}

// compareMirror compares what the client shows with what the service holds.
func (s *story) compareMirror(ctx context.Context, w *world) error {
	for _, doc := range w.docs {
		res, err := s.door.Ls(ctx, web.LsRequest{Name: "id:" + string(doc.id), Depth: 1000, Limit: 100_000})
		if err != nil {
			return fmt.Errorf("list %s: %w", doc.title, err)
		}
		var lines []worldLine
		for _, l := range res.Lines {
			lines = append(lines, worldLine{
				depth: l.Depth, text: l.Text, note: l.Note, checked: l.Checked,
				checkbox: l.Checkbox, heading: l.Heading, color: l.Color,
			})
		}
		if err := sameLines(lines, doc.lines); err != nil {
			return fmt.Errorf("%s: the copy differs from the service: %w", doc.title, err)
		}
	}
	return nil
}

func sameLines(got, want []worldLine) error {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Errorf("item %d is %s, want %s", i+1, quote(got[i].text), quote(want[i].text))
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d items, want %d", len(got), len(want))
	}
	return nil
}

// checkSnapshot takes a snapshot and reads its OPML back with nothing but an XML
// reader, as a stranger's program would.
func (s *story) checkSnapshot(ctx context.Context) (string, error) {
	info, err := s.door.SnapshotTake(ctx, web.TakeRequest{})
	if err != nil {
		return "", err
	}
	if !info.Verified {
		return "", fmt.Errorf("snapshot %s is not verified: %s", info.Name, info.Note)
	}
	files, err := readSnapshot(info.Path)
	if err != nil {
		return "", err
	}
	for _, doc := range s.end.docs {
		if err := sameTexts(files[doc.title], doc.lines); err != nil {
			return "", fmt.Errorf("snapshot of %s: %w", doc.title, err)
		}
	}
	if len(files) != len(s.end.docs) {
		return "", fmt.Errorf("the snapshot has %d files for %d documents", len(files), len(s.end.docs))
	}
	return fmt.Sprintf("%s, %s, read back from the disk and equal", plural(len(files), "OPML file"),
		plural(info.Nodes, "item")), nil
}

// opmlFile is as much of OPML as everybody reads.
type opmlFile struct {
	Title    string        `xml:"head>title"`
	Outlines []opmlOutline `xml:"body>outline"`
}

type opmlOutline struct {
	Text     string        `xml:"text,attr"`
	Note     string        `xml:"_note,attr"`
	Complete bool          `xml:"complete,attr"`
	Outlines []opmlOutline `xml:"outline"`
}

// readSnapshot returns the lines of each document of a snapshot, by title.
func readSnapshot(dir string) (map[string][]worldLine, error) {
	docs := map[string][]worldLine{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".opml") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		title, lines, err := readOPML(f)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		docs[title] = lines
		return nil
	})
	return docs, err
}

func readOPML(r io.Reader) (string, []worldLine, error) {
	var file opmlFile
	if err := xml.NewDecoder(r).Decode(&file); err != nil {
		return "", nil, err
	}
	var lines []worldLine
	var visit func([]opmlOutline, int)
	visit = func(outlines []opmlOutline, depth int) {
		for _, o := range outlines {
			lines = append(lines, worldLine{depth: depth, text: o.Text, note: o.Note, checked: o.Complete})
			visit(o.Outlines, depth+1)
		}
	}
	visit(file.Outlines, 0)
	return file.Title, lines, nil
}

// sameTexts compares what every OPML reader sees: depth, text, note and done.
func sameTexts(got, want []worldLine) error {
	plain := make([]worldLine, len(want))
	for i, l := range want {
		plain[i] = worldLine{depth: l.depth, text: l.text, note: l.note, checked: l.checked}
	}
	return sameLines(got, plain)
}
