package arch

import (
	"strings"
	"testing"
)

// The rules are tried on code that breaks them: a rule that never finds anything
// looks just like a rule that is kept.

// checkFinding compares findings with the one expected; "" expects none.
func checkFinding(t *testing.T, what string, found []string, want string) {
	t.Helper()
	got := strings.Join(found, "\n")
	if want == "" && got != "" || !strings.Contains(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestImportRulesFindBreaks(t *testing.T) {
	for _, tt := range []struct{ in, file, imports, want string }{
		{"store", "a.go", "outlast/internal/outline", ""},
		{"store", "a.go", "go.etcd.io/bbolt", ""},
		{"store", "a.go", "go.etcd.io/bbolt/errors", ""},
		{"store", "a.go", "outlast/sync", "arrows point down"},
		{"store", "a_test.go", "outlast/sync", "arrows point down"},
		{"store", "a_test.go", "outlast/store/storetest", ""},
		{"store", "a.go", "outlast/store/storetest", "does not ship"},
		{"store/storetest", "a.go", "outlast/store", ""},
		{"store/storetest", "a.go", "outlast/internal/outline/outlinetest", ""},
		{"store", "a.go", "pgregory.net/rapid", "for tests"},
		{"store", "a_test.go", "pgregory.net/rapid", ""},
		{"sync", "a.go", "go.etcd.io/bbolt", "only store and internal/server and internal/boltfile may"},
		{"sync", "a_test.go", "go.etcd.io/bbolt", "only store and internal/server and internal/boltfile may"},
		{"sync", "a.go", "outlast/internal/dynalist", "arrows point down"},
		{"sync", "a_test.go", "outlast/internal/dynalist", ""},
		{"internal/web", "a.go", "outlast/sync", "cmd/outlast hands in"},
		{"internal/web", "a_test.go", "outlast/opml", ""},
		{"internal/server", "a_test.go", "outlast/store", ""},
		{"internal/outline", "a.go", "outlast/store", "only the standard library"},
		{"internal/outline", "a.go", "golang.org/x/text/unicode/norm", "only opml"},
		{"internal/outline", "a.go", "encoding/json", ""},
		{"store", "a.go", "golang.org/x/sys/unix", "may, so that"},
		{"store", "a_test.go", "golang.org/x/sys/unix", ""},
		{"cmd/outlast", "a.go", "outlast/internal/snapshot", ""},
		{"cmd/outlast", "a.go", "outlast/sync/remotetest", "does not ship"},
		{"cmd/outlast", "a.go", "github.com/someone/something", "has no owner"},
		{"internal/config", "a.go", "github.com/BurntSushi/tomlish", "has no owner"},
		{"internal/new", "a.go", "outlast/store", "may import only the standard library"},
	} {
		f := parse(t, tt.file, tt.in+"/"+tt.file, "package p\nimport _ \""+tt.imports+"\"\n")
		checkFinding(t, tt.in+"/"+tt.file+" importing "+tt.imports, checkImports(pkg{path: tt.in}, f), tt.want)
	}
}

func TestPackageRulesFindBreaks(t *testing.T) {
	source := parse(t, "a.go", "store/a.go", "package store")
	test := parse(t, "a_test.go", "store/a_test.go", "package store")
	for _, tt := range []struct {
		p    pkg
		want string
	}{
		{pkg{path: "store", name: "store", doc: "Package store keeps.", files: []file{source}}, ""},
		{pkg{path: "store", name: "store", files: []file{source}}, "no package comment"},
		{pkg{path: "store", name: "store", files: []file{test}}, ""},
		{pkg{path: "internal/new", name: "new", doc: "Package new.", files: []file{source}}, "not in the import table"},
		{pkg{path: "store", name: "util", doc: "Package util.", files: []file{source}}, "says nothing"},
		{pkg{path: "", name: "outlast", doc: "Package outlast.", files: []file{source}}, "not in the import table"},
	} {
		checkFinding(t, tt.p.path+" "+tt.p.name, checkPackage(tt.p), tt.want)
	}
}

func TestSourceRulesFindBreaks(t *testing.T) {
	for source, want := range map[string]string{
		"func init() {}":                           "func init",
		"type T struct{}; func (T) init() {}":      "",
		"func f() { os.TempDir() }":                "os.TempDir",
		"func f() { os.MkdirTemp(``, `x`) }":       "os.MkdirTemp",
		"func f() { os.CreateTemp(\"\", `x`) }":    "os.CreateTemp",
		"func f() { os.CreateTemp(dir, `x`) }":     "",
		"func f() { go func() { os.Exit(1) }() }":  "os.Exit",
		"func f() { log.Fatalf(`x`) }":             "log.Fatalf",
		"var p = regexp.MustCompile(`x`)":          "compiled into a package variable",
		"func f() { p := regexp.MustCompile(`x`)}": "",
		"type T struct { ctx context.Context }":    "a context in the struct T",
		"type T struct { context.Context }":        "a context in the struct T",
		"func f(ctx context.Context) {}":           "",
		"import mutex \"sync\"":                    "sync under another name",
		"import engine \"outlast/sync\"":           "sync under another name",
		"import \"sync\"":                          "",
	} {
		checkFinding(t, source, checkSource(parse(t, "a.go", "store/a.go", "package p\n"+source)), want)
	}
	exits := "package main\nfunc main() { os.Exit(1) }"
	checkFinding(t, "main.go", checkSource(parse(t, "main.go", "cmd/outlast/main.go", exits)), "")
	checkFinding(t, "other.go", checkSource(parse(t, "other.go", "cmd/outlast/other.go", exits)), "os.Exit")
}
