package mirror

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// steps does the file operations of a save in order.
type steps struct {
	t    *testing.T
	path string
}

func (s steps) beside(name string) string { return filepath.Join(filepath.Dir(s.path), name) }

func (s steps) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s steps) write(path, text string) {
	s.t.Helper()
	s.must(os.WriteFile(path, []byte(text), 0o600))
}
func (s steps) rename(from, to string) { s.t.Helper(); s.must(os.Rename(from, to)) }
func (s steps) remove(path string)     { s.t.Helper(); s.must(os.Remove(path)) }

// slowly writes a text in place, in pieces, each flushed.
func (s steps) slowly(path, text string) {
	s.t.Helper()
	f, err := os.Create(path)
	s.must(err)
	for piece := range slices.Chunk([]byte(text), max(1, len(text)/5)) {
		_, err := f.Write(piece)
		s.must(err)
		s.must(f.Sync())
		time.Sleep(10 * time.Millisecond) // as a slow disk or network would
	}
	s.must(f.Close())
}

// savePatterns are what editors do to save, as recorded from them.
func savePatterns() map[string]func(s steps, old, text string) {
	return map[string]func(s steps, old, text string){
		"truncate and write": func(s steps, _, text string) { s.write(s.path, text) },
		"in place, slowly":   func(s steps, _, text string) { s.slowly(s.path, text) },
		"atomic rename": func(s steps, _, text string) {
			s.write(s.path+".tmp", text)
			s.rename(s.path+".tmp", s.path)
		},
		"empty, then full": func(s steps, _, text string) {
			s.write(s.path, "")
			time.Sleep(5 * time.Millisecond)
			s.write(s.path, text)
		},
		"vim, backupcopy=no": func(s steps, _, text string) {
			s.write(s.beside(".Work.md.swp"), "b0VIM 9.1")
			s.write(s.beside("4913"), "")
			s.remove(s.beside("4913"))
			s.rename(s.path, s.path+"~")
			s.write(s.path, text)
			s.remove(s.path + "~")
			s.remove(s.beside(".Work.md.swp"))
		},
		"vim, backupcopy=yes": func(s steps, old, text string) {
			s.write(s.beside(".Work.md.swp"), "b0VIM 9.1")
			s.write(s.path+"~", old)
			s.slowly(s.path, text)
			s.remove(s.path + "~")
			s.remove(s.beside(".Work.md.swp"))
		},
		"emacs": func(s steps, _, text string) {
			_ = os.Remove(s.beside(".#Work.md"))
			s.must(os.Symlink("user@host.4711:1", s.beside(".#Work.md")))
			s.write(s.beside("#Work.md#"), text)
			s.rename(s.path, s.path+"~")
			s.write(s.path, text)
			s.remove(s.beside("#Work.md#"))
			s.remove(s.beside(".#Work.md"))
		},
		"VS Code": func(s steps, _, text string) {
			f, err := os.OpenFile(s.path, os.O_WRONLY|os.O_TRUNC, 0)
			s.must(err)
			_, err = f.WriteString(text)
			s.must(err)
			s.must(f.Sync())
			s.must(f.Close())
		},
		"LibreOffice": func(s steps, _, text string) {
			s.write(s.beside(".~lock.Work.md#"), ",user,host,27.11.2026 09:00,file;")
			s.write(s.beside("lu47115k2u.tmp"), text)
			s.rename(s.beside("lu47115k2u.tmp"), s.path)
			s.remove(s.beside(".~lock.Work.md#"))
		},
		"gedit": func(s steps, _, text string) {
			s.write(s.beside(".goutputstream-X2Y3Z4"), text)
			s.rename(s.beside(".goutputstream-X2Y3Z4"), s.path)
		},
		"JetBrains": func(s steps, _, text string) {
			s.write(s.path+"___jb_tmp___", text)
			s.rename(s.path, s.path+"___jb_old___")
			s.rename(s.path+"___jb_tmp___", s.path)
			s.remove(s.path + "___jb_old___")
		},
		"Word": func(s steps, _, text string) {
			s.write(s.beside("~$Work.md"), "owner")
			s.write(s.beside("~WRD0001.tmp"), text)
			s.rename(s.path, s.beside("~WRL0002.tmp"))
			s.rename(s.beside("~WRD0001.tmp"), s.path)
			s.remove(s.beside("~WRL0002.tmp"))
			s.remove(s.beside("~$Work.md"))
		},
		"Windows line ends and mark": func(s steps, _, text string) {
			text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\uFEFF")
			s.write(s.path, "\uFEFF"+strings.ReplaceAll(text, "\n", "\r\n"))
		},
		"mode only, then a save": func(s steps, _, text string) {
			s.must(os.Chmod(s.path, 0o640))
			s.must(os.Chmod(s.path, 0o600))
			s.write(s.path, text)
		},
		"same time as before": func(s steps, _, text string) {
			info, err := os.Stat(s.path)
			s.must(err)
			s.write(s.path, text)
			s.must(os.Chtimes(s.path, info.ModTime(), info.ModTime()))
		},
	}
}

func TestSavePatternsOfEditors(t *testing.T) {
	for name, save := range savePatterns() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fiveSaves(t, func(t *testing.T, path, old, text string) {
				save(steps{t, path}, old, text)
			})
		})
	}
}

// run runs a program, or skips the test where it is not.
func run(t *testing.T, stdin, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("no %s here", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "TERM=xterm", "HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// added returns the line that a save adds.
func added(old, text string) string {
	for line := range strings.Lines(text) {
		if !strings.Contains(old, line) {
			return strings.TrimSuffix(line, "\n")
		}
	}
	return ""
}

// Each program adds its line below "- last" by its own means.
func TestRealPrograms(t *testing.T) {
	for name, save := range map[string]func(t *testing.T, path, old, text string){
		"vim": func(t *testing.T, path, old, text string) {
			run(t, "", "vim", "-u", "NONE", "-N", "-e", "-s", "-c", `g/^- last$/put ='`+added(old, text)+`'`, "-c", "wq", path)
		},
		"vim with backup": func(t *testing.T, path, old, text string) {
			run(t, "", "vim", "-u", "NONE", "-N", "-e", "-s", "-c", "set backup backupcopy=no backupdir=.", "-c", `g/^- last$/put ='`+added(old, text)+`'`, "-c", "wq", path)
		},
		"emacs": func(t *testing.T, path, old, text string) {
			run(t, "", "emacs", "-Q", "--batch", path, "--eval",
				`(progn (goto-char (point-min)) (search-forward "- last\n") (insert "`+added(old, text)+`\n") (save-buffer))`)
		},
		"nano": func(t *testing.T, path, old, text string) {
			lines := strings.Count(text[:strings.Index(text, added(old, text))], "\n")
			keys := strings.Repeat("\x0e", lines) + added(old, text) + "\r\x0f\r\x18" // down, the line, write out, exit
			typeInto(t, "Exit", keys, "nano", "-I", path)
		},
		"sed -i": func(t *testing.T, path, old, text string) {
			run(t, "", "sed", "-i", `s/^- last$/&\n`+added(old, text)+"/", path)
		},
		"cp": func(t *testing.T, path, _, text string) {
			run(t, "", "cp", elsewhere(t, text), path)
		},
		"cp -p": func(t *testing.T, path, _, text string) {
			other := elsewhere(t, text)
			old := time.Now().Add(-time.Hour)
			if err := os.Chtimes(other, old, old); err != nil {
				t.Fatal(err)
			}
			run(t, "", "cp", "-p", other, path)
		},
		"mv": func(t *testing.T, path, _, text string) {
			run(t, "", "mv", elsewhere(t, text), path)
		},
		"rsync": func(t *testing.T, path, _, text string) {
			run(t, "", "rsync", "-t", "--checksum", elsewhere(t, text), path)
		},
		"rsync in place": func(t *testing.T, path, _, text string) {
			run(t, "", "rsync", "--inplace", "--checksum", elsewhere(t, text), path)
		},
		"tee": func(t *testing.T, path, _, text string) {
			run(t, text, "tee", path)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fiveSaves(t, save)
		})
	}
}

// elsewhere writes a text to a file outside of the folder.
func elsewhere(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "Work.md")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
