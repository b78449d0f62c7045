package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pkg is one package of the module.
type pkg struct {
	path  string // below the module; "" is the top
	name  string
	doc   string // first sentence of the package comment
	files []file
}

// file is one Go file.
type file struct {
	name string // below the module
	test bool
	ast  *ast.File
}

// forTests reports whether a package is made for tests and does not ship.
func forTests(path string) bool {
	return strings.HasSuffix(path, "test") && strings.Contains(path, "/")
}

// imports returns the import paths of a file.
func (f file) imports() []string {
	var all []string
	for _, spec := range f.ast.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		all = append(all, path)
	}
	return all
}

// top is the folder of go.mod.
func top(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// load lists and parses the module.
func load(t *testing.T) []pkg {
	t.Helper()
	dir := top(t)
	list := exec.Command("go", "list", "-e", "-buildvcs=false", "-json=ImportPath,Name,Doc,Dir,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles", "./...")
	list.Dir = dir
	var complaint bytes.Buffer
	list.Stderr = &complaint
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &complaint)
	}
	var all []pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Name, Doc, Dir                                   string
			GoFiles, CgoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		one := pkg{path: strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/"), name: p.Name, doc: p.Doc}
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles, p.TestGoFiles, p.XTestGoFiles) {
			one.files = append(one.files, parse(t, filepath.Join(p.Dir, name), one.path+"/"+name, nil))
		}
		all = append(all, one)
	}
	return all
}

// parse reads one file; src nil means from the disk.
func parse(t *testing.T, path, name string, src any) file {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file{name: name, test: strings.HasSuffix(name, "_test.go"), ast: tree}
}
