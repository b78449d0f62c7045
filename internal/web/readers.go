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

// reading is a request with the limits of one file.
type reading struct {
	ImportRequest
	limits opml.Limits
	told   *counter // bytes of files
}

// trees reads what a request brings: the file in its body, or the file, folder
// or zip at a path of this machine.
func (r reading) trees(s session, body io.Reader) (importSet, error) {
	if r.Path == "" {
		return r.body(r.Name, body)
	}
	if !filepath.IsAbs(r.Path) {
		return importSet{}, fmt.Errorf("path %q is not absolute: %w", r.Path, outline.ErrInvalid)
	}
	info, err := os.Stat(r.Path)
	if err != nil {
		return importSet{}, err
	}
	if info.IsDir() || strings.EqualFold(filepath.Ext(r.Path), ".zip") {
		return r.folder(s, info.IsDir())
	}
	f, err := os.Open(r.Path)
	if err != nil {
		return importSet{}, err
	}
	defer f.Close()
	r.expect(info.Size())
	return r.body(filepath.Base(r.Path), r.told.reader(f))
}

// expect tells how many bytes will be read.
func (r reading) expect(size int64) {
	if r.told != nil {
		r.told.at.Total = int(size)
	}
}

// nodes returns how many items were read.
func (in importSet) nodes() int {
	n := 0
	for _, t := range in.trees {
		if t.doc != nil {
			n += t.doc.Len() - 1
		}
	}
	return n
}

// body reads one file.
func (r reading) body(name string, body io.Reader) (importSet, error) {
	t, err := r.tree(name, body)
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

// tree reads one file in the format that the request or its name tells.
func (r reading) tree(name string, body io.Reader) (imported, error) {
	f, err := formatOf(r.Format, name)
	if err != nil {
		return imported{}, err
	}
	flavor, err := r.source(f)
	if err != nil {
		return imported{}, err
	}
	res, err := f.Read(body, format.ReadOptions{
		ID: "import", NewID: newIDs(), Flavor: flavor, Limits: r.limits, Lenient: r.Lenient,
	})
	if err == nil && f.Name != format.OPML { // whose reader has looked already
		err = depthWithin(res.Document, r.limits)
	}
	if err != nil {
		r.Lenient = r.Lenient || f.Name != format.OPML // nothing more can be done
		return imported{}, r.unreadable(err)
	}
	t := imported{doc: res.Document, flavor: res.Flavor, head: res.Head, kept: res.Kept, repairs: res.Repairs}
	for _, w := range res.Warnings {
		t.warnings = append(t.warnings, fmt.Sprintf("line %d: %s%s", w.Line, w.Message, times(w.Count)))
	}
	if n := len(res.Kept); n > 0 {
		t.warnings = append(t.warnings, "attributes of another program on "+counted(n, "item")+
			" are kept on this machine and given back on export; the service does not get them")
	}
	t.warnings = append(t.warnings, notTaken(res.Document)...)
	if n := len(res.Orphans); n > 0 {
		t.warnings = append(t.warnings, counted(n, "item")+" without a parent left out")
	}
	return t, nil
}

// notTaken tells what a new item cannot have, since only the service sets it.
func notTaken(d *outline.Document) (told []string) {
	dates, extra := 0, 0
	for n := range d.Root().Below() {
		if n.Created != 0 || n.Modified != 0 {
			dates++
		}
		if n.Extra != "" {
			extra++
		}
	}
	if dates > 0 {
		told = append(told, "dates of "+counted(dates, "item")+" are not taken over; the service sets its own")
	}
	if extra > 0 {
		told = append(told, "data of the service of "+counted(extra, "item")+" is not taken over; it makes its own")
	}
	return told
}

func times(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" (%d times)", n)
}

// depthWithin refuses a document that is deeper than the limit.
func depthWithin(d *outline.Document, limits opml.Limits) error {
	most := limits.Depth
	if most == 0 {
		most = opml.DefaultLimits().Depth
	}
	for depth := range d.Root().Walk() {
		if depth > most {
			return fmt.Errorf("deeper than %d levels", most)
		}
	}
	return nil
}

// source returns whose OPML it is, if the request says so.
func (r reading) source(f format.Format) (opml.Flavor, error) {
	switch {
	case f.Read == nil:
		return "", fmt.Errorf("%s can be written, not read: %w", f.Name, outline.ErrInvalid)
	case r.Lenient && f.Name != format.OPML:
		return "", fmt.Errorf("only damaged OPML is mended, not %s: %w", f.Name, outline.ErrInvalid)
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

// unreadable makes what is wrong with a file the caller's mistake, and says
// what to do about it.
func (r reading) unreadable(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, fs.ErrPermission) || errors.Is(err, outline.ErrInvalid) {
		return err
	}
	next := ""
	if syntax, ok := errors.AsType[*opml.SyntaxError](err); ok && !r.Lenient && !syntax.Limit {
		next = "mend it there, or let --lenient read what can be read (with --dry-run first)"
	} else if ok && syntax.Limit {
		next = "raise the limit in the [import] section of the configuration, if the file is meant to be so large"
	}
	return Fail(outline.ErrInvalid, err.Error(), next)
}

// newIDs makes ids for nodes while they are being read.
func newIDs() func() outline.NodeID {
	n := 0
	return func() outline.NodeID {
		n++
		return outline.NodeID("n" + strconv.Itoa(n))
	}
}
