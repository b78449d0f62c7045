package opml

import (
	"strconv"
	"strings"
	"time"
)

// toHTML turns the service's markup into the HTML that Workflowy reads. Markup
// that is not paired, or crosses other markup, stays as it is. Law: fromHTML
// gives s back.
func toHTML(s string) string {
	if !strings.ContainsAny(s, "&<>*_~`[!") {
		return s
	}
	var out strings.Builder
	for _, p := range paired(markup(s)) {
		if p.html == "" {
			p.html = escapeHTML(p.text)
		}
		out.WriteString(p.html)
	}
	return out.String()
}

func escapeHTML(s string) string {
	if !strings.ContainsAny(s, `&<>"`) {
		return s
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// piece is a run of text, or markup with the HTML that stands for it.
type piece struct {
	text string
	html string // "" while it is only text
}

// markup cuts s at its markup. Code, links and dates have their HTML already.
func markup(s string) []piece {
	var list []piece
	var none noClosing
	from := 0
	for i := 0; i < len(s); {
		size, html := none.markupAt(s[i:])
		if size == 0 {
			i++
			continue
		}
		list = append(list, piece{text: s[from:i]}, piece{s[i : i+size], html})
		i += size
		from = i
	}
	return append(list, piece{text: s[from:]})
}

// noClosing remembers what was looked for in vain, so that a text full of
// openings is searched to its end once.
type noClosing struct{ code bool }

// markupAt returns the size of the markup that s begins with, 0 for none.
func (no *noClosing) markupAt(s string) (size int, html string) {
	switch s[0] {
	case '*', '_', '~':
		if len(s) > 1 && s[1] == s[0] {
			return 2, ""
		}
	case '`':
		if no.code {
			return 0, ""
		}
		end := strings.IndexByte(s[1:], '`')
		no.code = end < 0
		if end > 0 {
			return end + 2, "<code>" + escapeHTML(s[1:1+end]) + "</code>"
		}
	case '[':
		return linkAt(s)
	case '!':
		return dateAt(s)
	}
	return 0, ""
}

// linkAt reads [text](address); the text is not looked into any further.
func linkAt(s string) (size int, html string) {
	end := 1 + strings.IndexAny(s[1:], "[]\n")
	if end == 0 || !strings.HasPrefix(s[end:], "](") {
		return 0, ""
	}
	text, rest := s[1:end], s[end+2:]
	n := strings.IndexAny(rest, ")( \t\n")
	if n <= 0 || rest[n] != ')' || text == rest[:n] {
		return 0, ""
	}
	return end + 2 + n + 1, `<a href="` + escapeHTML(rest[:n]) + `">` + escapeHTML(text) + "</a>"
}

// dateAt reads !(2006-01-02) and !(2006-01-02 15:04).
func dateAt(s string) (size int, html string) {
	for _, layout := range [...]string{"!(2006-01-02)", "!(2006-01-02 15:04)"} {
		if len(s) < len(layout) {
			return 0, ""
		}
		t, err := time.Parse(layout, s[:len(layout)])
		if err != nil || t.Year() == 0 {
			continue
		}
		html := `<time startYear="` + strconv.Itoa(t.Year()) + `" startMonth="` +
			strconv.Itoa(int(t.Month())) + `" startDay="` + strconv.Itoa(t.Day())
		if len(layout) > len("!(2006-01-02)") {
			html += `" startHour="` + strconv.Itoa(t.Hour()) + `" startMinute="` + strconv.Itoa(t.Minute())
		}
		return len(layout), html + `">` + s[2:len(layout)-1] + "</time>"
	}
	return 0, ""
}

// paired gives its HTML to markup that opens and closes within the markup
// around it.
func paired(list []piece) []piece {
	var open []int // at most one of each kind
	for i, p := range list {
		if p.html != "" || len(p.text) != 2 || markName(p.text) == "" || i%2 == 0 {
			continue // pieces at even places are text
		}
		at := -1
		for k, o := range open {
			if list[o].text == p.text {
				at = k
			}
		}
		if at < 0 {
			open = append(open, i)
			continue
		}
		name := markName(p.text)
		list[open[at]].html, list[i].html = "<"+name+">", "</"+name+">"
		open = open[:at]
	}
	return list
}

func markName(mark string) string {
	switch mark {
	case "**":
		return "b"
	case "__":
		return "i"
	case "~~":
		return "s"
	}
	return ""
}
