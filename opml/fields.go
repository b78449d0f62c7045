package opml

import (
	"strings"

	"outlast/internal/outline"
)

// ours reads the attributes of our own dialect and tells whether there was a
// text. A value that is not one of ours is kept as it is.
func (it *Item) ours(attrs []rawAttr, texts *slab) (text bool) {
	f := &it.Fields
	for i := range attrs {
		a := &attrs[i]
		known := true
		switch string(a.name) {
		case "text":
			f.Content, text = texts.add(a.value), true
		case "_note":
			f.Note = texts.add(a.value)
		case "_id":
			it.ID = outline.NodeID(texts.add(a.value))
		case "_heading":
			known = digit(a.value, outline.MaxHeading, &f.Heading)
		case "_created":
			known = millis(a.value, &f.Created)
		case "_modified":
			known = millis(a.value, &f.Modified)
		default:
			known = it.shared(a)
		}
		if !known {
			it.Kept = append(it.Kept, Attr{string(a.name), string(a.value)})
		}
	}
	return text
}

// shared reads the attributes that Dynalist writes too.
func (it *Item) shared(a *rawAttr) (known bool) {
	f := &it.Fields
	switch string(a.name) {
	case "complete":
		return boolean(a.value, &f.Checked)
	case "checkbox":
		return boolean(a.value, &f.Checkbox)
	case "collapsed":
		return boolean(a.value, &f.Collapsed)
	case "colorLabel":
		return digit(a.value, outline.MaxColor, &f.Color)
	case "listStyle":
		f.Numbered = string(a.value) == "arabic"
		return f.Numbered
	}
	return false
}

// boolean sets to when the value is true, in any case, and tells whether it is
// a value that we know.
func boolean(value []byte, to *bool) bool {
	switch {
	case strings.EqualFold(string(value), "true"):
		*to = true
		return true
	case strings.EqualFold(string(value), "false"), len(value) == 0:
		return true
	}
	return false
}

// digit reads 1 to most.
func digit(value []byte, most uint8, to *uint8) bool {
	if len(value) != 1 || value[0] < '1' || value[0] > '0'+most {
		return false
	}
	*to = value[0] - '0'
	return true
}

// millis reads a time in Unix milliseconds, in the one form in which we write it.
func millis(value []byte, to *int64) bool {
	digits, sign := value, int64(1)
	if len(value) > 0 && value[0] == '-' {
		digits, sign = value[1:], -1
	}
	const longest = 18 // no overflow; 31 million years
	if len(digits) == 0 || len(digits) > longest || digits[0] == '0' {
		return false
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
		n = 10*n + int64(c-'0')
	}
	*to = sign * n
	return true
}
