package config

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// writeFile makes a configuration file and returns its path.
func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, path string) *Settings {
	t.Helper()
	s, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDefaultIsValid(t *testing.T) {
	c := Default()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestAbsentFileIsDefaults(t *testing.T) {
	s := load(t, filepath.Join(t.TempDir(), "none.toml"))
	if !reflect.DeepEqual(s.Config, Default()) || s.File != "" {
		t.Errorf("got %+v from %q, want the defaults", s.Config, s.File)
	}
}

// every is a file with a value other than the default for each key.
const every = `
server = "http://localhost:8080/api/v1"
token_command = "pass show dynalist"
[sync]
every = "1m"
retry_max = "10m"
strict = true
batch_max = 100
[guard]
nodes = 5
percent = 2
[store]
max_size = "1GiB"
[import]
depth = 10
nodes = 11
attribute = "1kB"
file = 12
[snapshots]
dir = "/srv/snapshots"
schedule = "@daily"
keep = {last = 9, yearly = 0}
drill = "off"
[[snapshots.copy]]
to = "/media/stick"
encrypt_to = ["age1abc"]
[[snapshots.copy]]
to = "s3://bucket/some/prefix/"
form = "zip"
[web]
listen = "[::1]:8000"
theme = "dark"
[notify]
desktop = false
command = "mail"
webhook = "https://hook.example/x"
ntfy = "https://ntfy.example/x"
pagerduty_file = "~/key"
ping = "https://ping.example/x"
quiet = "22:00-07:30"
[[watch]]
dir = "~/outline"
doc = "Work"
[[watch]]
dir = "/srv/md"
format = "md"
ids = true
[log]
level = "debug"
`

func TestLoadReadsEveryKey(t *testing.T) {
	path := writeFile(t, every)
	s := load(t, path)
	want := Config{
		Server: "http://localhost:8080/api/v1/", TokenCommand: "pass show dynalist",
		Sync:   Sync{Every: Duration(time.Minute), RetryMax: Duration(10 * time.Minute), Strict: true, BatchMax: 100},
		Guard:  Guard{Nodes: 5, Percent: 2},
		Store:  Store{MaxSize: 1 << 30},
		Import: Import{Depth: 10, Nodes: 11, Attribute: 1000, File: 12},
		Snapshots: Snapshots{
			Dir: "/srv/snapshots", Schedule: "@daily",
			Keep:  Keep{Last: 9, Hourly: 24, Daily: 14, Weekly: 8, Monthly: 12},
			Drill: "off",
			Copy: []Copy{
				{To: "/media/stick", EncryptTo: []string{"age1abc"}, Form: "zip"},
				{To: "s3://bucket/some/prefix/", Form: "zip"},
			},
		},
		Web: Web{Listen: "[::1]:8000", Theme: "dark"},
		Notify: Notify{
			Command: "mail", Webhook: "https://hook.example/x", Ntfy: "https://ntfy.example/x",
			PagerdutyFile: "~/key", Ping: "https://ping.example/x", Quiet: "22:00-07:30",
		},
		Watch: []Watch{{Dir: "~/outline", Format: "opml", Doc: "Work"}, {Dir: "/srv/md", Format: "md", IDs: true}},
		Log:   Log{Level: "debug"},
	}
	if !reflect.DeepEqual(s.Config, want) {
		t.Errorf("got  %+v\nwant %+v", s.Config, want)
	}
	for _, key := range []string{"server", "snapshots.keep.last", "import.file", "watch"} {
		if got := s.From(key); got != "file "+path {
			t.Errorf("%s: got source %q, want the file", key, got)
		}
	}
	if got := s.From("snapshots.keep.daily"); got != "default" {
		t.Errorf("a key that is not set: got source %q, want default", got)
	}
}

func TestErrorsNameFileLineAndNearestKey(t *testing.T) {
	for text, want := range map[string][]string{
		"[sync]\nevry = \"1s\"\n":                          {":2: ", `"sync.evry"`, `did you mean "sync.every"?`},
		"# hello\nevery = \"1s\"\n":                        {":2: ", `"every"`, `did you mean "sync.every"?`},
		"[snapshot]\ndrill = \"off\"\n":                    {`did you mean "snapshots"?`, `did you mean "snapshots.drill"?`},
		"[guard]\nNodes = 1\n":                             {`did you mean "guard.nodes"?`},
		"[snapshots]\nkeep = {lats = 1}\n":                 {":2: ", `did you mean "snapshots.keep.last"?`},
		"[[watch]]\ndir = \"/a\"\nformt = \"md\"\n":        {":3: ", `did you mean "watch.format"?`},
		"completely_different_thing = 1\n":                 {`there is no key "completely_different_thing"`},
		"server = \n":                                      {":1: "},
		"server = \"https://a/\"\n[sync\n":                 {":3: "},
		"[sync]\nstrict = \"yes\"\n":                       {":2: sync.strict: wants true or false"},
		"sync = 3\n":                                       {":1: sync: wants a table"},
		"[watch]\ndir = \"/a\"\n":                          {":1: watch: wants tables", "[[watch]]"},
		"[guard]\nnodes = 1.5\n":                           {":2: guard.nodes: wants a whole number"},
		"[[watch]]\nids = \"x\"\n":                         {"watch.ids: wants true"},
		"server = 3\n":                                     {":1: server: wants a text"},
		"token = \"canary\"\n":                             {":1: ", "outlast login"},
		"[sync]\nevery = 30\n":                             {":2: ", "sync.every", "write it like 30s"},
		"[store]\nmax_size = \"16 gibs\"\n":                {":2: ", "store.max_size", "16GiB"},
		"[guard]\nnodes = -1\npercent = 101\n":             {":2: guard.nodes", ":3: guard.percent"},
		"[log]\nlevel = \"loud\"\n":                        {":2: ", "log.level", "debug, info"},
		"sync.batch_max = 501\n":                           {":1: ", "sync.batch_max", "between 1 and 500"},
		"[[watch]]\ndir = \"/a\"\n[[watch]]\ndir = \"/a\"": {"watched twice"},
	} {
		path := writeFile(t, text)
		_, err := Load(path)
		if err == nil {
			t.Errorf("%q: got no error, want one", text)
			continue
		}
		for _, part := range append(want, path) {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: got %v, want %q in it", text, err, part)
			}
		}
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	_, err := Load(writeFile(t, "a = 1\nb = 2\n[web]\ntheme = \"pink\"\n"))
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("got %v, want three lines", err)
	}
}

// token_command is run, so nobody else may be able to write it.
func TestLoadRefusesFileThatEverybodyMayChange(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such file modes")
	}
	path := writeFile(t, "")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "chmod o-w "+path) {
		t.Errorf("got %v, want an error that tells what to run", err)
	}
}

func TestSetLaysValueOverFile(t *testing.T) {
	s := load(t, writeFile(t, "server = \"https://file.example/\"\n[sync]\nevery = \"1m\"\n"))
	for key, value := range map[string]string{
		"server": "https://FLAG.example/api", "sync.every": "2m", "sync.strict": "true",
		"guard.nodes": "7", "store.max_size": "2GiB",
	} {
		if err := s.Set(key, value, "flag --"+key); err != nil {
			t.Fatal(err)
		}
		if got := s.From(key); got != "flag --"+key {
			t.Errorf("%s: got source %q", key, got)
		}
	}
	got := []any{s.Server, s.Sync.Every.String(), s.Sync.Strict, s.Guard.Nodes, int64(s.Store.MaxSize)}
	want := []any{"https://flag.example/api/", "2m", true, 7, int64(2 << 30)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSetRefusesBadValueAndChangesNothing(t *testing.T) {
	s := load(t, writeFile(t, ""))
	for key, value := range map[string]string{
		"server": "http://example.com/", "sync.every": "soon", "sync.strict": "perhaps",
		"guard.nodes": "many", "guard.percent": "200", "watch": "/a", "nonsense": "1",
	} {
		err := s.Set(key, value, "environment OUTLAST_X")
		if err == nil || !strings.Contains(err.Error(), "environment OUTLAST_X") || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: got %v, want an error with source and key", key, err)
		}
	}
	if !reflect.DeepEqual(s.Config, Default()) {
		t.Errorf("got %+v, want the defaults", s.Config)
	}
}

func TestValuesListEveryKeyWithItsSource(t *testing.T) {
	path := writeFile(t, every)
	s := load(t, path)
	values, err := s.Values()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Value{}
	for _, v := range values {
		got[v.Key] = v
	}
	for _, want := range []Value{
		{"server", `"http://localhost:8080/api/v1/"`, "file " + path},
		{"sync.every", `"1m"`, "file " + path},
		{"sync.strict", "true", "file " + path},
		{"store.max_size", `"1GiB"`, "file " + path},
		{"snapshots.keep.daily", "14", "default"},
		{"snapshots.copy[0].encrypt_to", `["age1abc"]`, "file " + path},
		{"watch[1].dir", `"/srv/md"`, "file " + path},
	} {
		if got[want.Key] != want {
			t.Errorf("got %+v, want %+v", got[want.Key], want)
		}
	}
}
