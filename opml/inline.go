package opml

import (
	"strings"
	"time"
)

// The service's inline markup, which is its own and not CommonMark's: **bold**,
// __italic__, ~~struck~~, `code`, [text](address) and !(2006-01-02 15:04).

// InlineKind says what a piece of a text is.
type InlineKind uint8

// The kinds. Of bold, italic and struck, Text is empty and Close tells whether
// the piece ends what an earlier one of the kind began.
const (
	InlineText InlineKind = iota
	InlineBold
	InlineItalic
	InlineStruck
	InlineCode // Text
	InlineLink // Text and URL
	InlineDate // Time; Clock tells whether it has hours and minutes
)

// Inline is a piece of a text.
type Inline struct {
	Kind  InlineKind
	Text  string // what it reads, without markup
	Close bool
	URL   string
	Time  time.Time
	Clock bool
}

// Inlines cuts a text at its markup. Bold, italic and struck come in pairs that
// lie within each other; markup that is not paired, or crosses other markup, is
// text.
func Inlines(s string) []Inline {
	if !strings.ContainsAny(s, "*_~`[!") {
		return []Inline{{Text: s}}
	}
	var list []Inline
	var none noClosing
	from := 0
	for i := 0; i < len(s); {
		p, size := none.markupAt(s[i:])
		if size == 0 {
			i++
			continue
		}
		if i > from {
			list = append(list, Inline{Text: s[from:i]})
		}
		list = append(list, p)
		i += size
		from = i
	}
	if from < len(s) {
		list = append(list, Inline{Text: s[from:]})
	}
	return paired(list)
}

// noClosing remembers what was looked for in vain, so that a text full of
// openings is searched to its end once.
type noClosing struct{ code bool }

// markupAt returns the markup that s begins with and its size, 0 for none.
func (no *noClosing) markupAt(s string) (Inline, int) {
	switch s[0] {
	case '*', '_', '~':
		if len(s) > 1 && s[1] == s[0] {
			return Inline{Kind: markKind(s[0]), Text: s[:2]}, 2
		}
	case '`':
		if no.code {
			return Inline{}, 0
		}
		end := strings.IndexByte(s[1:], '`')
		no.code = end < 0
		if end > 0 {
			return Inline{Kind: InlineCode, Text: s[1 : 1+end]}, end + 2
		}
	case '[':
		return linkAt(s)
	case '!':
		return dateAt(s)
	}
	return Inline{}, 0
}

func markKind(c byte) InlineKind {
	switch c {
	case '*':
		return InlineBold
	case '_':
		return InlineItalic
	}
	return InlineStruck
}

// linkAt reads [text](address); the text is not looked into any further.
func linkAt(s string) (Inline, int) {
	end := 1 + strings.IndexAny(s[1:], "[]\n")
	if end == 0 || !strings.HasPrefix(s[end:], "](") {
		return Inline{}, 0
	}
	text, rest := s[1:end], s[end+2:]
	n := strings.IndexAny(rest, ")( \t\n")
	if n <= 0 || rest[n] != ')' || text == rest[:n] {
		return Inline{}, 0
	}
	return Inline{Kind: InlineLink, Text: text, URL: rest[:n]}, end + 2 + n + 1
}

// dateAt reads !(2006-01-02) and !(2006-01-02 15:04).
func dateAt(s string) (Inline, int) {
	for _, layout := range [...]string{"!(2006-01-02)", "!(2006-01-02 15:04)"} {
		if len(s) < len(layout) {
			return Inline{}, 0
		}
		t, err := time.Parse(layout, s[:len(layout)])
		if err != nil || t.Year() == 0 {
			continue
		}
		clock := len(layout) > len("!(2006-01-02)")
		return Inline{Kind: InlineDate, Text: s[2 : len(layout)-1], Time: t, Clock: clock}, len(layout)
	}
	return Inline{}, 0
}

// paired makes text of the marks that have no counterpart within the markup
// around them, and empties the others.
func paired(list []Inline) []Inline {
	var open []int // at most one of each kind
	for i := range list {
		kind := list[i].Kind
		if kind < InlineBold || kind > InlineStruck {
			continue
		}
		at := -1
		for k, o := range open {
			if list[o].Kind == kind {
				at = k
			}
		}
		if at < 0 {
			open = append(open, i)
			continue
		}
		list[open[at]].Text, list[i].Text, list[i].Close = "", "", true
		open = open[:at]
	}
	for i := range list {
		if list[i].Text != "" && list[i].Kind >= InlineBold && list[i].Kind <= InlineStruck {
			list[i].Kind = InlineText
		}
	}
	return list
}
