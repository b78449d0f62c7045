package opml

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// other reads files with a program of others, all in one go: the outlines of
// each, or its error.
type other struct {
	name string
	read func(t *testing.T, files []string) []readBack
}

// readBack is what a program of others says of a file.
type readBack struct {
	outlines []seen
	err      error
}

// seen is an outline as a program reads it.
type seen struct {
	depth      int
	text, note string
}

func (s *seen) UnmarshalJSON(b []byte) error {
	var text, note *string
	if err := json.Unmarshal(b, &[]any{&s.depth, &text, &note}); err != nil {
		return err
	}
	if text == nil || note == nil {
		return fmt.Errorf("no text or note in %s", b)
	}
	s.text, s.note = *text, *note
	return nil
}

// others returns the readers of XML and OPML that the gate asks; all but pandoc,
// which reads another thing.
func others() []other {
	list := []other{{"xmllint", readXmllint}}
	for _, name := range []string{"saxes", "parse-xml", "opml"} {
		list = append(list, other{name, func(t *testing.T, files []string) []readBack { return readNode(t, name, files) }})
	}
	return list
}

// program returns a program's path, or skips the test.
func program(t *testing.T, name, packages string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("SKIP: %s is not installed (Debian: %s); `make interop` installs it where it may", name, packages)
	}
	return path
}

func readNode(t *testing.T, name string, files []string) []readBack {
	node := program(t, "node", "nodejs")
	modules, err := filepath.Abs(filepath.Join("..", "bin", "interop", "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	folder := map[string]string{"saxes": "saxes", "parse-xml": "@rgrove/parse-xml", "opml": "opml"}[name]
	if _, err := os.Stat(filepath.Join(modules, filepath.FromSlash(folder))); err != nil {
		t.Skipf("SKIP: the npm package %s is not below bin/interop; `make interop` fetches it", folder)
	}
	cmd := exec.Command(node, append([]string{filepath.Join("testdata", "interop", "read.js"), name}, files...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	out := output(t, cmd)
	dec := json.NewDecoder(bytes.NewReader(out))
	var all []readBack
	for range files {
		var line struct {
			Outlines []seen
			Error    string
		}
		if err := dec.Decode(&line); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r := readBack{outlines: line.Outlines}
		if line.Error != "" {
			r.err = errors.New(line.Error)
		}
		all = append(all, r)
	}
	return all
}

func output(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", cmd.Path, err, complaint.String())
	}
	return out
}

// readXmllint has libxml2 write its canonical form, in which every blank that is
// not a plain one is a reference: what is read of that is what libxml2 has seen.
func readXmllint(t *testing.T, files []string) []readBack {
	var all []readBack
	for _, f := range files {
		all = append(all, xmllint(t, "--huge", f))
	}
	return all
}

func xmllint(t *testing.T, args ...string) readBack {
	cmd := exec.Command(program(t, "xmllint", "libxml2-utils"), append([]string{"--nonet", "--c14n"}, args...)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		first, _, _ := strings.Cut(complaint.String(), "\n")
		return readBack{err: fmt.Errorf("%w: %s", err, first)}
	}
	outlines, err := outlinesOf(out)
	return readBack{outlines, err}
}

func outlinesOf(file []byte) (found []seen, err error) {
	d := xml.NewDecoder(bytes.NewReader(file))
	depth := 0
	for {
		tok, err := d.RawToken()
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		switch e := tok.(type) {
		case xml.StartElement:
			if e.Name.Local != "outline" {
				continue
			}
			s := seen{depth: depth}
			for _, a := range e.Attr {
				switch a.Name.Local {
				case "text":
					s.text = a.Value
				case "_note":
					s.note = a.Value
				}
			}
			found = append(found, s)
			depth++
		case xml.EndElement:
			if e.Name.Local == "outline" {
				depth--
			}
		}
	}
}

// readPandoc returns what pandoc makes of a file: an outline is a header without
// identifier, its note the paragraphs below it. Blanks are joined. Without -smart
// pandoc would turn quotes and dashes into those of a printer.
func readPandoc(t *testing.T, file string) []seen {
	out := output(t, exec.Command(program(t, "pandoc", "pandoc"), "-f", "opml-smart", "-t", "json", file))
	var doc struct{ Blocks []pandocNode }
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	var found []seen
	for _, b := range doc.Blocks {
		var text strings.Builder
		if level, inlines := b.outline(); level > 0 {
			pandocText(&text, inlines)
			found = append(found, seen{depth: level - 1, text: joined(text.String())})
			continue
		}
		pandocText(&text, b.C)
		if last := len(found) - 1; last >= 0 {
			found[last].note = joined(found[last].note + " " + text.String())
		}
	}
	return found
}

// outline returns level and text of a header that is an outline, else 0: a header
// that pandoc finds in a note has an identifier.
func (n pandocNode) outline() (level int, inlines json.RawMessage) {
	var id string
	attrs := []any{&id}
	if n.T != "Header" || json.Unmarshal(n.C, &[]any{&level, &attrs, &inlines}) != nil || id != "" {
		return 0, nil
	}
	return level, inlines
}

// pandocNode is a block or inline of pandoc.
type pandocNode struct {
	T string          `json:"t"`
	C json.RawMessage `json:"c"`
}

// pandocText writes all that is to be read in a piece of pandoc's tree.
func pandocText(b *strings.Builder, raw json.RawMessage) {
	var list []json.RawMessage
	var node pandocNode
	switch {
	case len(raw) > 0 && raw[0] == '[':
		_ = json.Unmarshal(raw, &list) // was sound as a whole
		for _, part := range list {
			pandocText(b, part)
		}
	case len(raw) > 0 && raw[0] == '{':
		_ = json.Unmarshal(raw, &node)
		switch node.T {
		case "Str":
			var s string
			_ = json.Unmarshal(node.C, &s)
			b.WriteString(s)
		case "Space", "SoftBreak", "LineBreak":
			b.WriteByte(' ')
		case "Code", "Link", "Span":
			pandocCode(b, node)
		case "Math":
			pandocMath(b, node)
		default:
			pandocText(b, node.C)
		}
	}
}

// pandocCode writes the text of an inline that begins with its attributes.
func pandocCode(b *strings.Builder, node pandocNode) {
	var parts []json.RawMessage
	_ = json.Unmarshal(node.C, &parts)
	var s string
	if err := json.Unmarshal(parts[1], &s); err == nil {
		b.WriteString(s)
		return
	}
	pandocText(b, parts[1])
}

// pandocMath writes a formula as it is written in a text.
func pandocMath(b *strings.Builder, node pandocNode) {
	var kind pandocNode
	var s string
	_ = json.Unmarshal(node.C, &[]any{&kind, &s})
	mark := "$"
	if kind.T == "DisplayMath" {
		mark = "$$"
	}
	b.WriteString(mark + s + mark)
}

func joined(s string) string { return strings.Join(strings.Fields(s), " ") }
