package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manPage returns the manual page of a command in roff. It carries the date of
// the build's commit, so that two builds of one commit make the same page; the
// zero date is today.
func manPage(cmd *cobra.Command, date time.Time) ([]byte, error) {
	page := *cmd
	page.DisableAutoGenTag = true
	if !cmd.HasParent() {
		page.Long += exitStatus()
	}
	var out bytes.Buffer
	header := &doc.GenManHeader{Source: "outlast", Manual: "Outlast"}
	if !date.IsZero() {
		header.Date = &date
	}
	if err := doc.GenMan(&page, header, &out); err != nil {
		return nil, fmt.Errorf("write the page of %s: %w", cmd.CommandPath(), err)
	}
	return out.Bytes(), nil
}

// exitStatus is a section on the exit codes in Markdown.
func exitStatus() string {
	var text strings.Builder
	text.WriteString("\n\n# EXIT STATUS\n")
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
		fmt.Fprintf(&text, "**%d**\n\t%s\n\n", e.code, e.text)
	}
	return text.String()
}
