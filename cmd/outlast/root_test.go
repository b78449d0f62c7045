package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

func TestEveryCommandExplainsItself(t *testing.T) {
	root := (&app{}).rootCommand()
	for _, cmd := range withSubcommands(root) {
		if cmd.Name() == "help" {
			continue
		}
		if cmd.Short == "" || cmd.Long == "" || cmd.Example == "" {
			t.Errorf("%s: short %q, long %q, example %q; want all three", cmd.CommandPath(), cmd.Short, cmd.Long, cmd.Example)
		}
		if strings.HasSuffix(cmd.Short, ".") || strings.ToLower(cmd.Short[:1]) != cmd.Short[:1] {
			t.Errorf("%s: %q is not in the form of the others", cmd.CommandPath(), cmd.Short)
		}
		for _, line := range strings.Split(cmd.Long, "\n") {
			if len([]rune(line)) > 84 {
				t.Errorf("%s: line of %d columns: %q", cmd.CommandPath(), len([]rune(line)), line)
			}
		}
	}
}

// An example that does not parse teaches a mistake.
func TestExamplesParse(t *testing.T) {
	root := (&app{}).rootCommand()
	for _, cmd := range withSubcommands(root) {
		for line := range strings.Lines(cmd.Example) {
			words := strings.Fields(line)
			if len(words) == 0 || words[0] != "outlast" {
				continue
			}
			found, _, err := root.Find(words[1:])
			if err != nil || found == root && len(words) > 1 {
				t.Errorf("%s: example %q names no command", cmd.CommandPath(), strings.TrimSpace(line))
				continue
			}
			checkFlags(t, found, line)
		}
	}
}

// checkFlags checks that the flags of an example exist.
func checkFlags(t *testing.T, cmd *cobra.Command, line string) {
	t.Helper()
	for _, word := range strings.Fields(line) {
		name, isFlag := strings.CutPrefix(word, "--")
		if name, _, _ = strings.Cut(name, "="); !isFlag || name == "" {
			continue
		}
		if cmd.Flag(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
			t.Errorf("%q: %s has no flag --%s", strings.TrimSpace(line), cmd.CommandPath(), name)
		}
	}
}

func TestPanicBecomesACleanMessage(t *testing.T) {
	var out, errs bytes.Buffer
	a := &app{out: &out, err: &errs}
	if code := a.reportPanic("secret text of an outline"); code != exitError {
		t.Errorf("got exit code %d, want %d", code, exitError)
	}
	if s := errs.String(); strings.Contains(s, "secret") || strings.Contains(s, "goroutine") || !strings.Contains(s, "safe:") {
		t.Errorf("got %q, want what is safe, without text and stack", s)
	}
}

func TestInterruptedIsAnExitCodeOfItsOwn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := &app{err: &bytes.Buffer{}}
	if code := a.report(ctx, context.Canceled); code != exitInterrupted {
		t.Errorf("got %d, want %d", code, exitInterrupted)
	}
}

// Help is plain text, the writer of man pages reads it as Markdown: no word may
// get lost between them.
func TestManPagesKeepTheWords(t *testing.T) {
	root := (&app{}).rootCommand()
	for _, cmd := range withSubcommands(root) {
		page, err := manPage(cmd, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		got := onlyWords(strings.NewReplacer(`\fB`, "", `\fP`, "", `\fR`, "", ".PP", "").Replace(string(page)))
		for name, text := range map[string]string{"long": cmd.Long, "example": cmd.Example, "use": cmd.UseLine()} {
			if !strings.Contains(got, onlyWords(text)) {
				t.Errorf("%s: the page has another %s: %s", cmd.CommandPath(), name, page)
			}
		}
	}
}

// onlyWords leaves out all but letters and digits.
func onlyWords(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}
