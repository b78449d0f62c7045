package opml

import (
	"net/url"
	"strings"
	"time"

	"outlast/internal/outline"
)

// foreign reads the attributes of another program and tells whether there was a
// text or a title. What it understands it takes, what not it keeps.
func (d *Decoder) foreign(it *Item) (text bool) {
	attrs := d.s.tag.attrs
	f := &it.Fields
	var link linked
	note := firstNote(attrs)
	textAt, titleAt := index(attrs, "text"), index(attrs, "title")
	if textAt < 0 {
		textAt = titleAt
	}
	for i := range attrs {
		a := &attrs[i]
		switch {
		case i == textAt:
			f.Content = d.texts.add(a.value)
		case i == note && string(a.name) != mubuNote:
			f.Note = d.texts.add(a.value)
		case i == note:
			f.Note = unescaped(string(a.value))
		case it.state(a), isNote(a) && len(a.value) == 0:
		default:
			it.Kept = append(it.Kept, Attr{string(a.name), string(a.value)})
			link.attr(a)
		}
		if d.flavor == "" && d.told == "" {
			d.told = a.tells()
		}
	}
	if link.text(f) {
		d.warn(warnLink)
	}
	return textAt >= 0
}

// html turns HTML into markup where the dialect has it. Workflowy puts a line
// end at the end of every note, which goes; pandoc writes notes as Markdown.
func (d *Decoder) html(f *outline.Fields) {
	texts, notes := d.flavor.html()
	switch d.flavor {
	case Workflowy:
		f.Note = strings.TrimSuffix(f.Note, "\n")
	case Pandoc:
		f.Note = fromPandoc(f.Note)
	}
	dropped := func(tag string) { d.warn("HTML <" + tag + "> is left out, its text stays") }
	if texts {
		f.Content = fromHTML(f.Content, dropped)
	}
	if notes {
		f.Note = fromHTML(f.Note, dropped)
	}
}

func index(attrs []rawAttr, name string) int {
	for i := range attrs {
		if string(attrs[i].name) == name {
			return i
		}
	}
	return -1
}

// noteNames are tried in this order; the first that is not empty counts.
var noteNames = [...]string{"_note", "note", mubuNote}

const mubuNote = "_mubu_note"

func firstNote(attrs []rawAttr) int {
	for _, name := range noteNames {
		if i := index(attrs, name); i >= 0 && len(attrs[i].value) > 0 {
			return i
		}
	}
	return -1
}

func isNote(a *rawAttr) bool {
	for _, name := range noteNames {
		if string(a.name) == name {
			return true
		}
	}
	return false
}

// unescaped returns a note of Mubu, which is percent-encoded.
func unescaped(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// state reads marks, in the words of every program that we know.
func (it *Item) state(a *rawAttr) (known bool) {
	f := &it.Fields
	switch string(a.name) {
	case "_complete", "checked":
		return boolean(a.value, &f.Checked)
	case "collapse": // Drummer
		return boolean(a.value, &f.Collapsed)
	case "completed":
		if _, ok := parseDate(string(a.value)); ok {
			f.Checked = true
			return false // the date itself is kept
		}
		return boolean(a.value, &f.Checked)
	case "_status":
		f.Checkbox = true
		checked := strings.EqualFold(string(a.value), "checked")
		f.Checked = f.Checked || checked
		return checked || strings.EqualFold(string(a.value), "unchecked")
	}
	return it.shared(a)
}

// linked is what an outline says of another document. It is never fetched.
type linked struct {
	kind, url, xmlURL string
}

func (l *linked) attr(a *rawAttr) {
	switch string(a.name) {
	case "type":
		l.kind = strings.ToLower(string(a.value))
	case "url":
		l.url = strings.TrimSpace(string(a.value))
	case "xmlUrl":
		l.xmlURL = strings.TrimSpace(string(a.value))
	}
}

// text makes a link of the content and tells whether the outline has one.
func (l *linked) text(f *outline.Fields) bool {
	switch l.kind {
	case "include", "link", "rss":
	default:
		return false
	}
	target := l.url
	if target == "" {
		target = l.xmlURL
	}
	lower := strings.ToLower(target)
	if !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") {
		return true
	}
	target = strings.NewReplacer("(", "%28", ")", "%29", " ", "%20").Replace(target)
	switch {
	case strings.HasSuffix(f.Content, "]("+target+")"): // our own export, read back
	case f.Content == "":
		f.Content = target
	default:
		f.Content = "[" + f.Content + "](" + target + ")"
	}
	return true
}

// dateLayouts are those seen in files: RFC 822 with its relatives, ISO 8601.
var dateLayouts = [...]string{
	dateLayout,
	time.RFC1123Z,
	time.RFC1123,
	"Mon, 2 Jan 2006 15:04:05 -0700",
	"Mon, 2 Jan 2006 15:04:05 MST",
	"2 Jan 2006 15:04:05 MST",
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05",
	"2006-01-02",
}

// parseDate returns a date as Unix milliseconds. A zone name that means nothing
// here counts as UTC.
func parseDate(s string) (ms int64, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < len("2006-01-02") {
		return 0, false
	}
	for _, layout := range dateLayouts {
		if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			return t.UnixMilli(), true
		}
	}
	return 0, false
}
