package main

import (
	"archive/zip"
	"encoding/json"
	"encoding/xml"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"outlast/internal/server"
)

// A real backup goes through the whole program: into one client, through a
// service, into another, and out again as a snapshot. What an XML reader that
// knows nothing of us finds in both must be the same.
func TestRealBackupComesThroughTheWholeProgram(t *testing.T) {
	original := filepath.Join("..", "..", "..", "shared", "fixtures", "dynalist-backup")
	if _, err := os.Stat(original); err != nil {
		t.Skipf("SKIP: no real backup at %s", original)
	}
	folder := filepath.Join(t.TempDir(), "backup")
	if err := os.CopyFS(folder, os.DirFS(original)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, "README.md")); err != nil {
		t.Fatal(err)
	}
	want := readBackup(t, folder)
	items := 0
	for _, doc := range want {
		items += countItems(doc.Items)
	}
	if t.Logf("%d documents with %d items", len(want), items); items == 0 {
		t.Fatal("there is nothing to compare")
	}
	for name, source := range map[string]string{"folder": folder, "zip": zipped(t, folder)} {
		t.Run(name, func(t *testing.T) {
			got := throughTheProgram(t, source)
			for path, doc := range want {
				if !reflect.DeepEqual(got[path], doc) {
					t.Errorf("%s:\ngot  %+v\nwant %+v", path, got[path], doc)
				}
				delete(got, path)
			}
			delete(got, "Inbox") // that of a new account
			if len(got) > 0 {
				t.Errorf("there is also %v", slices.Sorted(maps.Keys(got)))
			}
		})
	}
}

// throughTheProgram returns the documents of a snapshot of a second client.
func throughTheProgram(t *testing.T, source string) map[string]backupDoc {
	a := openAccount(t, server.Safe, nil)
	first, second := t.TempDir(), t.TempDir()
	outlast := func(dir string, args ...string) string {
		t.Helper()
		return runCommand(t, ownCommand(dir, ownEnvironment(dir), args...))
	}
	outlast(first, "init", "-q", "--server", a.address, "--token-file", a.tokenFile)
	outlast(first, "import", source)
	outlast(first, "sync")
	outlast(second, "init", "-q", "--server", a.address, "--token-file", a.tokenFile)
	var taken struct{ Path string }
	if err := json.Unmarshal([]byte(outlast(second, "snapshot", "take", "--json")), &taken); err != nil {
		t.Fatal(err)
	}
	return readTaken(t, taken.Path)
}

// zipped packs a folder as the service does: its content at the top.
func zipped(t *testing.T, folder string) string {
	path := filepath.Join(t.TempDir(), "dynalist-backup-2026-11-23.zip")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(file)
	if err := w.AddFS(os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// backupDoc is an OPML file to a reader that knows nothing of outlines.
type backupDoc struct {
	ID    string          `xml:"head>outlastDocument"`
	Title string          `xml:"head>title"`
	Items []backupOutline `xml:"body>outline"`
}

type backupOutline struct {
	Attrs []xml.Attr      `xml:",any,attr"`
	Items []backupOutline `xml:"outline"`
}

func countItems(items []backupOutline) int {
	n := len(items)
	for _, item := range items {
		n += countItems(item.Items)
	}
	return n
}

// readBackup returns the documents of a folder by their path of titles.
func readBackup(t *testing.T, folder string) map[string]backupDoc {
	docs := map[string]backupDoc{}
	for path, doc := range readOutlines(t, folder) {
		docs[filepath.ToSlash(filepath.Join(filepath.Dir(path), doc.Title))] = doc
	}
	return docs
}

// readTaken does so for a snapshot, whose manifest has the titles of folders.
func readTaken(t *testing.T, folder string) map[string]backupDoc {
	text, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	type entry struct{ ID, Title, Parent string }
	var manifest struct{ Files []entry }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	files := map[string]entry{}
	for _, f := range manifest.Files {
		files[f.ID] = f
	}
	docs := map[string]backupDoc{}
	for _, doc := range readOutlines(t, folder) {
		path := doc.Title
		for up := files[files[doc.ID].Parent]; up.Title != ""; up = files[up.Parent] {
			path = up.Title + "/" + path
		}
		doc.ID = ""
		doc.Items = withoutOurs(doc.Items)
		docs[path] = doc
	}
	return docs
}

// withoutOurs leaves out what a backup does not carry: ids and times.
func withoutOurs(items []backupOutline) []backupOutline {
	for i, item := range items {
		var kept []xml.Attr
		for _, a := range item.Attrs {
			if a.Name.Local != "_id" && a.Name.Local != "_created" && a.Name.Local != "_modified" {
				kept = append(kept, a)
			}
		}
		items[i].Attrs, items[i].Items = kept, withoutOurs(item.Items)
	}
	return items
}

func readOutlines(t *testing.T, folder string) map[string]backupDoc {
	docs := map[string]backupDoc{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".opml") {
			return err
		}
		text, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return err
		}
		var doc backupDoc
		if err := xml.Unmarshal(text, &doc); err != nil {
			return err
		}
		docs[path] = doc
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return docs
}
