package opml

import (
	"fmt"
	"slices"
)

// Limits bound what a reader takes. Zero means the default.
type Limits struct {
	Depth     int   // levels of outlines and of nested head elements
	Nodes     int   // outlines
	Attribute int   // bytes of one attribute or text as written in the file, as UTF-8
	Attrs     int   // attributes of one element
	Bytes     int64 // of the file, as UTF-8
}

// DefaultLimits returns the limits for files of unknown origin.
func DefaultLimits() Limits {
	return Limits{
		Depth:     1_000,
		Nodes:     2_000_000,
		Attribute: 10 << 20,
		Attrs:     256,
		Bytes:     512 << 20,
	}
}

// orDefault replaces every zero by its default.
func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Depth == 0 {
		l.Depth = d.Depth
	}
	if l.Nodes == 0 {
		l.Nodes = d.Nodes
	}
	if l.Attribute == 0 {
		l.Attribute = d.Attribute
	}
	if l.Attrs == 0 {
		l.Attrs = d.Attrs
	}
	if l.Bytes == 0 {
		l.Bytes = d.Bytes
	}
	return l
}

// SyntaxError tells where a file is not what it should be, and why.
type SyntaxError struct {
	Line   int // from 1; CR, LF and CR LF end a line
	Column int // from 1, in characters
	Reason string
	Limit  bool // it may be sound, and is larger than Limits allow
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// Warning is something odd that was read all the same.
type Warning struct {
	Message string `json:"message"`
	Count   int    `json:"count"`
	Line    int    `json:"line"` // of the first
	Column  int    `json:"column"`
}

// Kinds of warnings beyond this number are counted as one: names of tags are
// part of a message, and a file may invent any number of them.
const (
	mostWarnings = 50
	warnMore     = "other oddities"
)

// warnings collects Warnings, one per message.
type warnings struct {
	list []Warning
}

// add counts a message; the place is asked for on its first occurrence only.
func (w *warnings) add(message string, place func() (line, column int)) {
	i := w.index(message)
	if i < 0 && len(w.list) >= mostWarnings {
		message = warnMore
		i = w.index(message)
	}
	if i >= 0 {
		w.list[i].Count++
		return
	}
	line, column := place()
	w.list = append(w.list, Warning{Message: message, Count: 1, Line: line, Column: column})
}

func (w *warnings) index(message string) int {
	return slices.IndexFunc(w.list, func(has Warning) bool { return has.Message == message })
}
