package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manPage returns the manual page of a command in roff, with the man macros.
// cobra's own writer would need a Markdown library for these few lines.
func manPage(cmd *cobra.Command) []byte {
	var page bytes.Buffer
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	fmt.Fprintf(&page, ".TH %q 1 \"\" outlast \"Outlast\"\n", strings.ToUpper(name))
	section(&page, "NAME", roff(name)+` \- `+roff(cmd.Short))
	section(&page, "SYNOPSIS", `\fB`+roff(cmd.UseLine())+`\fR`)
	section(&page, "DESCRIPTION", roff(cmd.Long))
	if subs := withSubcommands(cmd)[1:]; len(subs) > 0 {
		page.WriteString(".SH COMMANDS\n")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				tagged(&page, c.Name(), c.Short)
			}
		}
	}
	options(&page, "OPTIONS", cmd.NonInheritedFlags())
	options(&page, "GLOBAL OPTIONS", cmd.InheritedFlags())
	if cmd.Example != "" {
		page.WriteString(".SH EXAMPLES\n.nf\n" + roff(cmd.Example) + "\n.fi\n")
	}
	if cmd.HasParent() {
		section(&page, "SEE ALSO", `\fB`+roff(strings.ReplaceAll(cmd.Parent().CommandPath(), " ", "-"))+`\fR(1)`)
	} else {
		exitStatus(&page)
	}
	return page.Bytes()
}

func exitStatus(page *bytes.Buffer) {
	page.WriteString(".SH EXIT STATUS\n")
	for _, e := range []struct {
		code int
		text string
	}{
		{exitDone, "done; an edit accepted while the service is down is done"},
		{exitError, "another error"},
		{exitUsage, "wrong usage, bad config, or no such node"},
		{exitPartial, "some documents failed"},
		{exitToken, "the service refuses the token"},
		{exitUnreachable, "the service was not reached; edits wait on this disk"},
		{exitDecide, "a person must decide"},
		{exitNoStore, "nothing here yet; run outlast init"},
		{exitLocked, "the database is in use by another process"},
		{exitSnapshot, "a snapshot is missing or not verified"},
		{exitDisk, "disk full, read-only or frozen: nothing was saved"},
		{exitInterrupted, "interrupted"},
	} {
		tagged(page, fmt.Sprint(e.code), e.text)
	}
}

func options(page *bytes.Buffer, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	page.WriteString(".SH " + title + "\n")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		value, text := pflag.UnquoteUsage(f)
		if value != "" {
			name += " " + value
		}
		tagged(page, name, text)
	})
}

func section(page *bytes.Buffer, title, body string) {
	fmt.Fprintf(page, ".SH %s\n%s\n", title, body)
}

func tagged(page *bytes.Buffer, tag, text string) {
	fmt.Fprintf(page, ".TP\n\\fB%s\\fR\n%s\n", roff(tag), roff(text))
}

// roff escapes text: backslashes, hyphens that must stay hyphens, and lines that
// begin like a request. An empty line is a new paragraph.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, `-`, `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		switch {
		case line == "":
			lines[i] = ".PP"
		case line[0] == '.' || line[0] == '\'':
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
