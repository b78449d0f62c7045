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

// inEditor lets a person change texts in their own editor. The file lies beside
// the database, private as that is, never in the temp folder of the system.
func (a *app) inEditor(ctx context.Context, was web.Texts, withNote bool) (web.Texts, error) {
	if !isTerminal(a.in) {
		return was, &failure{
			code: exitDecide, err: errors.New("an editor needs a terminal"),
			safe: "nothing was changed", next: "say what to change with --text or --note",
		}
	}
	home, err := a.home()
	if err != nil {
		return was, err
	}
	dir, err := os.MkdirTemp(home.DataDir, atomicfile.Prefix+"edit-")
	if err != nil {
		return was, fmt.Errorf("make a file to edit: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "node.md")
	if err := os.WriteFile(path, []byte(joinTexts(was, withNote)), 0o600); err != nil {
		return was, fmt.Errorf("make a file to edit: %w", err)
	}
	if err := runEditor(ctx, path); err != nil {
		return was, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return was, fmt.Errorf("read the edited file: %w", err)
	}
	return splitTexts(string(data), withNote), nil
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
