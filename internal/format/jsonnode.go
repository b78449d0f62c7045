package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"outlast/internal/outline"
)

// parseNode reads one node. The bytes are known to be sound JSON, which makes
// it short work to find its members; what we do not know goes to Extra as it is.
func parseNode(raw []byte) (*Orphan, error) {
	if len(raw) == 0 || raw[0] != '{' {
		return nil, errors.New("not an object")
	}
	n := &Orphan{}
	var extra strings.Builder
	for i := skipJSON(raw, 1); raw[i] != '}'; {
		keyEnd := stringEnd(raw, i)
		val := skipJSON(raw, skipJSON(raw, keyEnd)+1) // over the colon
		end := valueEnd(raw, val)
		known, err := n.member(raw[i+1:keyEnd-1], raw[val:end])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", raw[i:keyEnd], err)
		}
		if !known {
			if extra.Len() > 0 {
				extra.WriteByte(',')
			}
			extra.Write(raw[i:end])
		}
		if i = skipJSON(raw, end); raw[i] == ',' {
			i = skipJSON(raw, i+1)
		}
	}
	if extra.Len() > 0 {
		n.Fields.Extra = "{" + extra.String() + "}"
	}
	if n.ID == "" {
		return nil, errors.New("no id")
	}
	return n, nil
}

// member sets the field of that key and tells whether there is one. A key that
// is written with escapes is not one of ours, which have no need of them.
func (n *Orphan) member(key, val []byte) (known bool, err error) {
	f := &n.Fields
	switch string(key) {
	case "id":
		var s string
		s, err = jsonString(val)
		n.ID = outline.NodeID(s)
	case "content":
		f.Content, err = jsonString(val)
	case "note":
		f.Note, err = jsonString(val)
	case "created":
		f.Created, err = jsonInt(val, 1<<62)
	case "modified":
		f.Modified, err = jsonInt(val, 1<<62)
	case "children":
		n.Children, err = jsonIDs(val)
	default:
		return n.mark(key, val)
	}
	return true, err
}

func (n *Orphan) mark(key, val []byte) (known bool, err error) {
	f := &n.Fields
	var i int64
	switch string(key) {
	case "checked":
		f.Checked, err = jsonBool(val)
	case "checkbox":
		f.Checkbox, err = jsonBool(val)
	case "numbered":
		f.Numbered, err = jsonBool(val)
	case "collapsed":
		f.Collapsed, err = jsonBool(val)
	case "heading":
		i, err = jsonInt(val, outline.MaxHeading)
		f.Heading = uint8(i)
	case "color":
		i, err = jsonInt(val, outline.MaxColor)
		f.Color = uint8(i)
	default:
		return false, nil
	}
	return true, err
}

// jsonIDs reads a list of strings.
func jsonIDs(val []byte) ([]outline.NodeID, error) {
	if val[0] != '[' {
		return nil, errors.New("not a list")
	}
	ids := make([]outline.NodeID, 0, bytes.Count(val, []byte{','})+1)
	for i := skipJSON(val, 1); val[i] != ']'; {
		end := valueEnd(val, i)
		id, err := jsonString(val[i:end])
		if err != nil {
			return nil, err
		}
		ids = append(ids, outline.NodeID(id))
		if i = skipJSON(val, end); val[i] == ',' {
			i = skipJSON(val, i+1)
		}
	}
	return ids, nil
}

func jsonBool(val []byte) (bool, error) {
	switch string(val) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%s is neither true nor false", val)
}

// jsonInt reads a number of no more than most; only times may be negative.
func jsonInt(val []byte, most int64) (int64, error) {
	n, err := strconv.ParseInt(string(val), 10, 64)
	if err != nil || n > most || n < 0 && most <= outline.MaxColor {
		return 0, fmt.Errorf("%s is not a number from 0 to %d", val, most)
	}
	return n, nil
}

func jsonString(val []byte) (string, error) {
	if val[0] != '"' {
		return "", errors.New("not a string")
	}
	if !utf8.Valid(val) {
		return "", errors.New("invalid UTF-8")
	}
	if bytes.IndexByte(val, '\\') < 0 {
		return string(val[1 : len(val)-1]), nil
	}
	var s string
	err := json.Unmarshal(val, &s)
	return s, err
}

// skipJSON passes over blanks.
func skipJSON(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r' {
		i++
	}
	return i
}

// stringEnd returns where the string that begins at i ends.
func stringEnd(b []byte, i int) int {
	for i++; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// valueEnd returns where the value that begins at i ends.
func valueEnd(b []byte, i int) int {
	depth := 0
	for {
		switch b[i] {
		case '"':
			i = stringEnd(b, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
			i++
		default:
			i++
		}
		if depth == 0 && (b[i] == ',' || b[i] == '}' || b[i] == ']' || b[i] == ' ' ||
			b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
			return i
		}
	}
}
