package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"outlast/internal/atomicfile"
	"outlast/internal/web"
)

// noteLine stands between text and note in the editor.
const noteLine = "--- note below this line ---"

// draft is a file in which a person changes the texts of a node. It lies beside the
// database, private as that is, never in the temp folder of the system.
type draft struct {
	dir, path string
	start     string // what it held first
	withNote  bool
}

// newDraft writes the texts to a file of their own.
func (a *app) newDraft(was web.Texts, withNote bool) (*draft, error) {
	if !isTerminal(a.in) {
		return nil, &failure{
			code: exitDecide, err: errors.New("an editor needs a terminal"),
			safe: "nothing was changed", next: "say what to change with --text or --note",
		}
	}
	home, err := a.home()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(home.DataDir, atomicfile.Prefix+"edit-")
	if err != nil {
		return nil, fmt.Errorf("make a file to edit: %w", err)
	}
	f := &draft{dir: dir, path: filepath.Join(dir, "node.md"), start: joinTexts(was, withNote), withNote: withNote}
	if err := os.WriteFile(f.path, []byte(f.start), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("make a file to edit: %w", err), os.RemoveAll(dir))
	}
	return f, nil
}

// edited lets the person's editor work on the file and returns what it holds then.
func (f *draft) edited(ctx context.Context) (web.Texts, error) {
	if err := runEditor(ctx, f.path); err != nil {
		return web.Texts{}, err
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		return web.Texts{}, fmt.Errorf("read the edited file: %w", err)
	}
	return splitTexts(string(data), f.withNote), nil
}

// done removes the file, unless it holds the only copy of what a person typed: when
// something went wrong and the file is no longer as it was, it stays and is named.
// The name loses the mark of a temporary file, which cleaning up would take away.
func (f *draft) done(err error) error {
	data, read := os.ReadFile(f.path)
	if err == nil || read != nil || string(data) == f.start {
		return errors.Join(err, os.RemoveAll(f.dir))
	}
	kept := filepath.Join(filepath.Dir(f.dir), "unsaved-"+strings.TrimPrefix(filepath.Base(f.dir), atomicfile.Prefix)+".md")
	if os.Rename(f.path, kept) != nil {
		kept = f.path
	} else if left := os.Remove(f.dir); left != nil {
		err = errors.Join(err, left)
	}
	told := explain(err)
	return &failure{code: told.code, err: err, safe: "what you typed is kept in " + kept, next: told.next}
}

// runEditor starts what $VISUAL or $EDITOR says; both may hold arguments.
func runEditor(ctx context.Context, path string) error {
	editor := os.Getenv("VISUAL")
	if editor == "" {
		editor = os.Getenv("EDITOR")
	}
	if editor == "" {
		editor = "vi"
	}
	words := append(strings.Fields(editor), path)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return &failure{
			code: exitError, what: "run the editor " + words[0], err: err,
			safe: "nothing was changed", next: "set $EDITOR, or say what to change with --text or --note",
		}
	}
	return nil
}

func joinTexts(t web.Texts, withNote bool) string {
	if !withNote {
		return t.Text + "\n"
	}
	return t.Text + "\n" + noteLine + "\n" + t.Note + "\n"
}

// splitTexts reads what joinTexts wrote. The line end that editors add is not text.
func splitTexts(content string, withNote bool) web.Texts {
	text, note, _ := strings.Cut(content, noteLine+"\n")
	if !withNote {
		text, note = content, ""
	}
	return web.Texts{Text: strings.TrimRight(text, "\r\n"), Note: strings.TrimRight(note, "\r\n")}
}
