package format

import "strings"

// mdContentLine escapes a line of a content: blanks at its beginning, a
// beginning that would be structure, and backslashes at its end.
func mdContentLine(s string) string {
	s = mdLead(mdStart(s))
	return s + s[len(strings.TrimRight(s, `\`)):]
}

// mdUncontent is the inverse of mdContentLine. It tells whether the line ended
// in the backslash of a break.
func mdUncontent(s string) (line string, broken bool) {
	text := strings.TrimRight(s, `\`)
	n := len(s) - len(text)
	return mdUnstart(mdUnlead(text + strings.Repeat(`\`, n/2))), n%2 == 1
}

// mdNoteLine escapes a line of a note, whose leading blanks are kept as they are.
func mdNoteLine(s string) string {
	body := strings.TrimLeft(s, " \t")
	if body == "" {
		return mdLead(s)
	}
	return s[:len(s)-len(body)] + mdStart(body)
}

// mdUnnote is the inverse of mdNoteLine.
func mdUnnote(s string) string {
	body := strings.TrimLeft(s, " \t")
	return s[:len(s)-len(body)] + mdUnstart(mdUnlead(body))
}

// mdLead writes a blank or tab at the beginning as a reference.
func mdLead(s string) string {
	switch {
	case strings.HasPrefix(s, " "):
		return "&#32;" + s[1:]
	case strings.HasPrefix(s, "\t"):
		return "&#9;" + s[1:]
	}
	return s
}

func mdUnlead(s string) string {
	if rest, ok := strings.CutPrefix(s, "&#32;"); ok {
		return " " + rest
	}
	if rest, ok := strings.CutPrefix(s, "&#9;"); ok {
		return "\t" + rest
	}
	return s
}

// mdStart puts a backslash before what would be structure at the beginning.
func mdStart(s string) string {
	n := digits(s)
	if n > 0 && n < len(s) && mdDelimiter(s[n:]) {
		return s[:n] + `\` + s[n:]
	}
	if mdStructure(s) {
		return `\` + s
	}
	return s
}

// mdUnstart is the inverse of mdStart, and takes the backslash of other writers
// away, too.
func mdUnstart(s string) string {
	n := digits(s)
	switch {
	case n > 0 && n+1 < len(s) && s[n] == '\\' && strings.IndexByte(`.)\`, s[n+1]) >= 0:
		return s[:n] + s[n+1:]
	case len(s) > 1 && s[0] == '\\' && punctuation(s[1]), strings.HasPrefix(s, "\\\uFEFF"):
		return s[1:]
	}
	return s
}

// digits returns the length of the number that s begins with, 0 for none that
// could count an item.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n > 9 {
		return 0
	}
	return n
}

// mdDelimiter tells whether what follows a number would be changed on reading.
func mdDelimiter(s string) bool {
	switch s[0] {
	case '.', ')':
		return len(s) == 1 || s[1] == ' ' || s[1] == '\t'
	case '\\':
		return len(s) > 1 && strings.IndexByte(`.)\`, s[1]) >= 0
	}
	return false
}

// mdStructure tells whether a line that begins with s would be more than text,
// or would lose a backslash.
func mdStructure(s string) bool {
	if s == "" {
		return false
	}
	switch c := s[0]; c {
	case '-', '+', '*':
		return len(s) == 1 || s[1] == ' ' || s[1] == '\t' || strings.Trim(s, string(c)+" \t") == ""
	case '=', '_':
		return strings.Trim(s, string(c)+" \t") == ""
	case '#':
		rest := strings.TrimLeft(s, "#")
		return rest == "" || rest[0] == ' ' || rest[0] == '\t'
	case '>':
		return true
	case '`', '~':
		return strings.HasPrefix(s, strings.Repeat(string(c), 3))
	case '[':
		_, _, box := mdBox(s)
		return box
	case '\\':
		return len(s) > 1 && punctuation(s[1]) || strings.HasPrefix(s[1:], "\uFEFF")
	case '&':
		return mdUnlead(s) != s
	}
	return strings.HasPrefix(s, "\uFEFF")
}

func punctuation(c byte) bool {
	return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~'
}

// mdBox takes the checkbox away that s begins with.
func mdBox(s string) (rest string, checked, box bool) {
	if len(s) < 3 || s[0] != '[' || s[2] != ']' || strings.IndexByte(" xX", s[1]) < 0 {
		return s, false, false
	}
	if len(s) > 3 && s[3] != ' ' && s[3] != '\t' {
		return s, false, false
	}
	return strings.TrimPrefix(s[3:], " "), s[1] != ' ', true
}

// mdHeading takes the marks of a heading away that s begins with.
func mdHeading(s string) (rest string, level int) {
	rest = strings.TrimLeft(s, "#")
	level = len(s) - len(rest)
	if level == 0 || level > 6 || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return s, 0
	}
	return strings.TrimPrefix(rest, " "), level
}

// mdItem takes the marker of a list item away that s begins with.
func mdItem(s string) (rest string, marker int) {
	n := digits(s)
	switch {
	case s == "":
		return s, 0
	case n > 0 && n < len(s) && (s[n] == '.' || s[n] == ')'):
		n++
	case s[0] == '-' || s[0] == '+' || s[0] == '*':
		n = 1
	default:
		return s, 0
	}
	if n < len(s) && s[n] != ' ' && s[n] != '\t' {
		return s, 0
	}
	if n < len(s) {
		return s[n+1:], n
	}
	return "", n
}
