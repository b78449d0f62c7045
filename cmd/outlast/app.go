package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// app is one run of the program: its streams and its global flags.
type app struct {
	in       io.Reader
	out, err io.Writer
	flags    globals
	called   string          // the command without the program, "snapshot take"
	fromEnv  map[string]bool // flags that a variable set
	unsaid   error           // why data could not be printed, nil if it was
}

// globals are the flags of every command.
type globals struct {
	home, server                      string
	json, dryRun, quiet, noColor, yes bool
	verbose                           int
}

// printJSON prints one value on one line.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// print prints data.
func (a *app) print(format string, args ...any) {
	if _, err := fmt.Fprintf(a.out, format+"\n", args...); err != nil && a.unsaid == nil {
		a.unsaid = &failure{
			code: exitError, what: "the output is not complete", err: err,
			safe: "what the command did is done; every edit that was accepted is on this disk",
			next: "see where the output goes, then look with `outlast ls` or `outlast status`",
		}
	}
}

// say prints talk, which -q silences.
func (a *app) say(format string, args ...any) {
	if !a.flags.quiet {
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}

// isTerminal tells whether a person is at the other end of a stream.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colored returns text in a color of the terminal, or as it is where colors
// are not wanted or not understood.
func (a *app) colored(code, text string) string {
	if a.flags.noColor || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" || !isTerminal(a.out) {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// plural returns a count with its noun: "1 edit", "2 edits".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

// thousands returns a number with a comma after each group of three digits.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
