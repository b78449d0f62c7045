package osservice

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// plain is what most people install, and odd what tries every quoting.
func plain() Spec {
	return Spec{Name: "outlast", Program: "/home/ana/.local/bin/outlast"}
}

func odd() Spec {
	return Spec{
		Name: "outlast-1a2b3c4d", Program: `/home/ana/my $prog; 100%/outlast`, Home: "/home/ana/zweites Zuhause & <mehr>",
		Env: map[string]string{"OUTLAST_TOKEN_COMMAND": `pass show "outline key" | head -1; echo $HOME 5%`, "OUTLAST_KEYRING": "off"},
	}
}

func golden(t *testing.T, files []File) {
	t.Helper()
	for _, f := range files {
		path := filepath.Join("testdata", filepath.Base(f.Path)+".golden")
		if *update {
			if err := os.WriteFile(path, []byte(f.Text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != f.Text {
			t.Errorf("%s differs from %s (-update writes it):\n%s", f.Path, path, f.Text)
		}
	}
}

func TestSystemdUnits(t *testing.T) {
	golden(t, plain().SystemdFiles("/units"))
	golden(t, odd().SystemdFiles("/units"))
}

func TestLaunchdAgents(t *testing.T) {
	for _, s := range []Spec{plain(), odd()} {
		files := s.LaunchdFiles("/agents", "/logs/outlast.log")
		golden(t, files)
		for _, f := range files {
			for d := xml.NewDecoder(strings.NewReader(f.Text)); ; {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Errorf("%s is no XML: %v", f.Path, err)
					break
				}
			}
		}
	}
}

// What a shell makes of a command is what was meant.
func TestShellQuoting(t *testing.T) {
	got := Spec{Program: "/it's here", Home: "/a b"}.shell("status", "--check")
	if want := `'/it'\''s here' 'status' '--check' '--home' '/a b'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTaskOfWindowsQuotesPaths(t *testing.T) {
	args := Spec{Name: "outlast", Program: `C:\Program Files\outlast.exe`}.taskArgs()
	want := `cmd /C ""C:\Program Files\outlast.exe" "snapshot" "take" "--if-due" "--quiet" & "C:\Program Files\outlast.exe" "status" "--check""`
	if got := args[len(args)-1]; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSpecIsChecked(t *testing.T) {
	for name, s := range map[string]Spec{
		"relative program":  {Name: "outlast", Program: "outlast"},
		"relative home":     {Name: "outlast", Program: "/bin/outlast", Home: "h"},
		"line in a path":    {Name: "outlast", Program: "/bin/out\nlast"},
		"quote in program":  {Name: "outlast", Program: "/it's/outlast"},
		"template":          {Name: "outlast", Program: "/bin/{{x}}"},
		"line in a value":   {Name: "outlast", Program: "/bin/outlast", Env: map[string]string{"A": "b\nExecStart=/bin/evil"}},
		"template in value": {Name: "outlast", Program: "/bin/outlast", Env: map[string]string{"A": "{{b}}"}},
	} {
		if s.check(unsafeInUnit) == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	for _, s := range []Spec{plain(), odd()} {
		if err := s.check(unsafeInUnit); err != nil {
			t.Error(err)
		}
	}
}
