package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/opml"
)

// importSet is what was read of an import.
type importSet struct {
	trees    []imported
	skipped  int
	warnings []string
}

// readTrees reads what a request brings: the file in its body, or the file,
// folder or zip at a path of this machine.
func readTrees(s session, r ImportRequest, body io.Reader) (importSet, error) {
	if r.Path == "" {
		return readBody(r, r.Name, body)
	}
	if !filepath.IsAbs(r.Path) {
		return importSet{}, fmt.Errorf("path %q is not absolute: %w", r.Path, outline.ErrInvalid)
	}
	info, err := os.Stat(r.Path)
	if err != nil {
		return importSet{}, err
	}
	if info.IsDir() || strings.EqualFold(filepath.Ext(r.Path), ".zip") {
		return readFolder(s, r, info.IsDir())
	}
	f, err := os.Open(r.Path)
	if err != nil {
		return importSet{}, err
	}
	defer f.Close()
	return readBody(r, filepath.Base(r.Path), f)
}

// readBody reads one file.
func readBody(r ImportRequest, name string, body io.Reader) (importSet, error) {
	t, err := readTree(r, name, body)
	if err != nil {
		return importSet{}, fmt.Errorf("read %s: %w", nameOr(name), err)
	}
	t.source = nameOr(name)
	return importSet{trees: []imported{t}}, nil
}

func nameOr(name string) string {
	if name == "" {
		return "the file"
	}
	return name
}

// readTree reads one file in the format that the request or its name tells.
func readTree(r ImportRequest, name string, body io.Reader) (imported, error) {
	f, err := formatOf(r.Format, name)
	if err != nil {
		return imported{}, err
	}
	flavor, err := sourceOf(r, f)
	if err != nil {
		return imported{}, err
	}
	res, err := f.Read(body, format.ReadOptions{ID: "import", NewID: counter(), Flavor: flavor})
	if err != nil {
		return imported{}, unreadable(err)
	}
	t := imported{doc: res.Document}
	for _, w := range res.Warnings {
		t.warnings = append(t.warnings, fmt.Sprintf("line %d: %s (%d times)", w.Line, w.Message, w.Count))
	}
	if n := len(res.Kept); n > 0 {
		t.warnings = append(t.warnings, fmt.Sprintf("%d items have attributes that no outline here holds; they are left out", n))
	}
	if n := len(res.Orphans); n > 0 {
		t.warnings = append(t.warnings, fmt.Sprintf("%d items belong to no parent; they are left out", n))
	}
	return t, nil
}

// sourceOf returns whose OPML it is, if the request says so.
func sourceOf(r ImportRequest, f format.Format) (opml.Flavor, error) {
	switch {
	case r.Lenient:
		return "", fmt.Errorf("files are read strictly, a damaged one is not mended: %w", outline.ErrInvalid)
	case r.Flavor != "" && f.Name != format.OPML:
		return "", fmt.Errorf("%s has no flavors: %w", f.Name, outline.ErrInvalid)
	}
	return opml.ParseSource(r.Flavor)
}

func formatOf(name, file string) (format.Format, error) {
	switch name {
	case "":
		return format.ByFile(file)
	case "text":
		name = format.Text
	}
	return format.ByName(name)
}

// unreadable makes what is wrong with a file the caller's mistake.
func unreadable(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, fs.ErrPermission) || errors.Is(err, outline.ErrInvalid) {
		return err
	}
	return fmt.Errorf("%w: %w", err, outline.ErrInvalid)
}

// counter makes ids for nodes while they are being read.
func counter() func() outline.NodeID {
	n := 0
	return func() outline.NodeID {
		n++
		return outline.NodeID("n" + strconv.Itoa(n))
	}
}
