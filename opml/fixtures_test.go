package opml

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	goopml "github.com/gilliek/go-opml/opml"

	"outlast/internal/outline"
)

// realFiles returns the folder of files that other programs wrote.
func realFiles(t *testing.T, folder string) string {
	dir := filepath.Join("..", "..", "shared", "fixtures", folder)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("SKIP: no real files at %s", dir)
	}
	return dir
}

// refused are the real files that a strict reader must not take, with the reason.
var refused = map[string]string{
	"malformed-node-opmlparser.opml":                    "text outside the root",
	"malformed__concatenated-documents.xml":             "second root",
	"malformed__end-element-unexpected-with-prefix.xml": "</bogus:unexpected> where <body> is open",
	"malformed__html-entity-attribute.xml":              "&aelig;",
	"malformed__html-entity-text-2.xml":                 "&mu;",
	"malformed__undefined-entity-text.xml":              "entity",
}

func TestRealFiles(t *testing.T) {
	dir := realFiles(t, "opml")
	read, failed := 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		ext := filepath.Ext(path)
		if err != nil || d.IsDir() || ext != ".opml" && ext != ".xml" {
			return err
		}
		if realFile(t, path) {
			read++
		} else {
			failed++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files read, %d refused with line, column and reason", read, failed)
}

// realFile reads a file, or asserts the reason for which it is refused.
func realFile(t *testing.T, path string) bool {
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	res, err := Decode(bytes.NewReader(file), DecodeOptions{ID: "d", NewID: counter()})
	want, bad := refused[filepath.Base(path)]
	var syntax *SyntaxError
	switch {
	case bad && (!errors.As(err, &syntax) || syntax.Line < 1 || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: got %v, want %q", path, err, want)
		return false
	case bad:
		return false
	case err != nil:
		t.Errorf("%s: %v", path, err)
		return false
	}
	judge(t, file)
	first, report := encode(t, res.Document, Options{Head: res.Head, Kept: res.Kept})
	for _, l := range report.Losses {
		if l.Field != "xmlns" {
			t.Errorf("%s: lost %+v", path, l)
		}
	}
	judge(t, []byte(first))
	back := decode(t, first, DecodeOptions{KeepIDs: true})
	second, _ := encode(t, back.Document, Options{Head: back.Head, Kept: back.Kept})
	if first != second || !sameBut(back.Document, res.Document) {
		t.Errorf("%s: our own file came back changed", path)
	}
	secondReader(t, path, first, res.Document)
	return true
}

// secondReader compares what go-opml reads in our file with our document.
func secondReader(t *testing.T, path, file string, doc *outline.Document) {
	other, err := goopml.NewOPML([]byte(file))
	if err != nil {
		t.Fatalf("%s: go-opml: %v", path, err)
	}
	var ours, theirs []string
	for n := range doc.Root().Below() {
		ours = append(ours, fmt.Sprint(n.Depth()-1, n.Content))
	}
	var walk func(depth int, list []goopml.Outline)
	walk = func(depth int, list []goopml.Outline) {
		for _, o := range list {
			theirs = append(theirs, fmt.Sprint(depth, o.Text))
			walk(depth+1, o.Outlines)
		}
	}
	walk(0, other.Outlines())
	if fmt.Sprint(ours) != fmt.Sprint(theirs) || other.Head.Title != doc.Title {
		t.Errorf("%s: go-opml reads something else", path)
	}
}

// The numbers of outlines were counted by five other readers.
func TestRealFilesAreComplete(t *testing.T) {
	dir := realFiles(t, "opml")
	for name, want := range map[string]int{
		"workflowy-crafted": 21, "workflowy-tana-sample": 9, "zavala-starter": 12, "cactus-notes": 21,
		"omnifocus-project": 38, "drummer-includes": 3, "opmlpkg-states": 59, "validator-encoding": 16,
		"feedsmith-countries": 37, "mubu-test": 3, "azu-header-list-note": 5, "azu-opml-to-json": 5,
		"plantuml-mindmap": 5, "qlopml-sample": 24, "spec-category": 1, "spec-placesLived": 19,
		"spec-simpleScript": 11, "spec-subscriptionList": 13, "nooutlines-node-opmlparser": 0,
	} {
		res := decodeFile(t, filepath.Join(dir, name+".opml"))
		if got := res.Document.Len() - 1; got != want {
			t.Errorf("%s: got %d outlines, want %d", name, got, want)
		}
	}
}

func decodeFile(t *testing.T, path string) *Result {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, string(file), DecodeOptions{ID: "d"})
}

func TestDynalistBackup(t *testing.T) {
	dir := realFiles(t, "dynalist-backup")
	for name, texts := range map[string][]string{
		"third page": {"**bold**"},
		"another sample-page": {
			"[sample_page](https://dynalist.io/d/HSxrGeOEl9WI7uWIq-Qjv8Rq)", "", "same @inline-tag", "",
			"some date: !(2024-04-26)", "", "",
		},
		"test folder/sample_page": {
			"content", "some #inline-tag ", "another @inline tag", "",
			"online image: ![online link](https://besthqwallpapers.com/Uploads/18-2-2018/41318/thumb2-borussia-dortmund-4k-bundesliga-bvb-logo.jpg)",
			"[Dynalist homepage](dynalist.io)", "",
			"[intentionally broken link with description different than filename](https://dynalist.io/d/eRPp0a3kaOgPFQjkb9Sjesu_)",
			"", "other files can't be uploaded it free plan",
		},
	} {
		res := decodeFile(t, filepath.Join(dir, name+".opml"))
		doc := res.Document
		if want := filepath.Base(name); doc.Title != want {
			t.Errorf("got title %q, want %q", doc.Title, want)
		}
		var got []string
		for c := range doc.Root().Children() {
			got = append(got, c.Content)
		}
		if strings.Join(got, "\n") != strings.Join(texts, "\n") || doc.Len() != len(texts)+1 {
			t.Errorf("%s: got %q", name, got)
		}
		if res.Head.OwnerEmail != "owner@example.com" || len(res.Warnings) != 0 || len(res.Kept) != 0 {
			t.Errorf("%s: got %+v, warnings %v, kept %v", name, res.Head, res.Warnings, res.Kept)
		}
	}
}
