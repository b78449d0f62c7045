package opml

import (
	"html"
	"strconv"
	"strings"
)

// fromHTML turns the HTML that Workflowy writes into texts into the service's
// markup. References are decoded once. Tags without a counterpart go, their
// text stays, and dropped is told their names.
func fromHTML(s string, dropped func(tag string)) string {
	if !strings.ContainsAny(s, "<&") {
		return s
	}
	h := htmlReader{dropped: dropped}
	for s != "" {
		text, tag, rest := nextTag(s)
		if h.silent == "" {
			h.write(html.UnescapeString(text))
		}
		if tag != "" {
			h.tag(tag)
		}
		s = rest
	}
	return string(h.out)
}

// nextTag returns the text before the next tag, the tag without its brackets,
// and what follows. A < that opens no tag is text.
func nextTag(s string) (text, tag, rest string) {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '<')
		if i < 0 {
			return s, "", ""
		}
		i += from
		if size := tagSize(s[i:]); size > 0 {
			return s[:i], s[i+1 : i+size-1], s[i+size:]
		}
		from = i + 1
	}
}

// longestTag bounds the search for the end of a tag.
const longestTag = 16 << 10

// tagSize returns the length of the tag that s begins with, 0 when it is none.
func tagSize(s string) int {
	i := 1
	if i < len(s) && s[i] == '/' {
		i++
	}
	if i >= len(s) || !isLetter(s[i]) {
		return 0
	}
	var quote byte
	for ; i < min(len(s), longestTag); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '<':
			return 0
		case c == '>':
			return i + 1
		}
	}
	return 0
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// htmlReader writes the markup of the tags that it is given.
type htmlReader struct {
	out     []byte
	href    string // of the open link, whose text begins at that place of out
	from    int
	silent  string // the element whose text stands for nothing
	dropped func(tag string)
}

func (h *htmlReader) write(s string) { h.out = append(h.out, s...) }

func (h *htmlReader) tag(tag string) {
	name, closing := strings.CutPrefix(tag, "/")
	name, attrs, _ := strings.Cut(strings.TrimSuffix(name, "/"), " ")
	name = strings.ToLower(strings.TrimSpace(name))
	if h.silent != "" {
		if closing && name == h.silent {
			h.silent = ""
		}
		return
	}
	switch name {
	case "b", "strong":
		h.write("**")
	case "i", "em":
		h.write("__")
	case "s", "strike", "del":
		h.write("~~")
	case "code":
		h.write("`")
	case "br":
		h.write("\n")
	case "a":
		h.link(attrs, closing)
	case "time":
		h.time(attrs, closing)
	default:
		if !closing {
			h.dropped(name)
		}
	}
}

// link writes [text](href), or the address alone where it is its own text.
func (h *htmlReader) link(attrs string, closing bool) {
	if !closing {
		h.href, h.from = htmlAttr(attrs, "href"), len(h.out)
		return
	}
	text := string(h.out[h.from:])
	if h.href != "" && text != h.href {
		h.out = append(h.out[:h.from], "["+text+"]("+h.href+")"...)
	}
	h.href = ""
}

// time writes a date of the service; the words between the tags say the same.
func (h *htmlReader) time(attrs string, closing bool) {
	if closing {
		return
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(htmlAttr(attrs, name)) // 0 is no date
		return n
	}
	year, month, day := number("startYear"), number("startMonth"), number("startDay")
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 {
		h.dropped("time")
		return
	}
	h.write("!(" + pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2))
	if htmlAttr(attrs, "startHour") != "" {
		h.write(" " + pad(number("startHour"), 2) + ":" + pad(number("startMinute"), 2))
	}
	h.write(")")
	h.silent = "time"
}

func pad(n, width int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

// htmlAttr returns the value of an attribute, "" when there is none.
func htmlAttr(attrs, name string) string {
	for attrs != "" {
		key, rest, ok := strings.Cut(attrs, "=")
		if !ok || rest == "" {
			return ""
		}
		end := strings.IndexAny(rest, " \n\t")
		from := 0
		if q := rest[0]; q == '"' || q == '\'' {
			from, end = 1, strings.IndexByte(rest[1:], q)+1
			if end == 0 {
				return ""
			}
		}
		if end < 0 {
			end = len(rest)
		}
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return html.UnescapeString(rest[from:end])
		}
		attrs = strings.TrimLeft(rest[end:], `"' `)
	}
	return ""
}
