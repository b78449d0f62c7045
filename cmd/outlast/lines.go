package main

import (
	"strconv"
	"strings"
	"unicode"

	"outlast/internal/web"
)

// printLines prints numbered lines of ls and search.
func (a *app) printLines(lines []web.Line) {
	width := len(strconv.Itoa(len(lines)))
	for _, l := range lines {
		number := strings.Repeat(" ", width-len(strconv.Itoa(l.N))) + strconv.Itoa(l.N)
		a.print("%s %s%s", a.colored("2", number), strings.Repeat("  ", l.Depth), a.lineText(l))
		if a.flags.verbose > 0 && l.Note != "" {
			indent := strings.Repeat(" ", width+1+2*l.Depth+2)
			a.print("%s%s", indent, a.colored("2", strings.ReplaceAll(plain(l.Note), "\n", "\n"+indent)))
		}
	}
}

// lineText returns one line: marks, first line of the text, and what is behind it.
func (a *app) lineText(l web.Line) string {
	var b strings.Builder
	switch {
	case l.Kind == web.KindFolder:
		return plain(l.Text) + "/"
	case l.Checked:
		b.WriteString("[x] ")
	case l.Checkbox:
		b.WriteString("[ ] ")
	}
	text, _, more := strings.Cut(plain(l.Text), "\n")
	if more {
		text += " …"
	}
	if l.Heading > 0 {
		text = a.colored("1", text)
	}
	if l.Color > 0 {
		text = a.colored([]string{"", "31", "38;5;208", "33", "32", "34", "35"}[l.Color], text)
	}
	b.WriteString(text)
	if l.Children > 0 {
		b.WriteString(a.colored("2", "  +"+thousands(l.Children)))
	}
	if l.State != "" {
		b.WriteString("  " + a.stateMark(l.State))
	}
	if len(l.Path) > 0 {
		b.WriteString(a.colored("2", "  — "+firstLines(l.Path)))
	}
	return b.String()
}

// stateMark shows how far an edit has come.
func (a *app) stateMark(state string) string {
	switch state {
	case "pending":
		return a.colored("33", "• waiting")
	case "acknowledged":
		return a.colored("2", "• sent")
	case "parked":
		return a.colored("31", "• refused by the service")
	}
	return "• " + state
}

// firstLines joins a path for one line of a terminal.
func firstLines(path []string) string {
	short := make([]string, len(path))
	for i, p := range path {
		short[i], _, _ = strings.Cut(plain(p), "\n")
	}
	return strings.Join(short, " / ")
}

// plain shows control characters instead of obeying them: whoever shares a document
// could else write to the terminal, its title and its clipboard.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
