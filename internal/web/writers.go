package web

import (
	"fmt"
	"io"
	"strconv"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/opml"
)

// fileWriter writes documents in one format.
type fileWriter struct {
	format format.Format
	flavor opml.Flavor
}

// writerOf returns what writes a format; "" is OPML. A flavor is one of OPML.
func writerOf(name, flavor string) (fileWriter, error) {
	if name == "text" {
		name = format.Text
	}
	f, err := format.ByName(name)
	if err != nil {
		return fileWriter{}, err
	}
	if flavor != "" && f.Name != format.OPML {
		return fileWriter{}, fmt.Errorf("%s has no flavors: %w", f.Name, outline.ErrInvalid)
	}
	dialect, err := opml.ParseFlavor(flavor)
	return fileWriter{f, dialect}, err
}

// write writes one document with what other programs added to it, and returns
// what the file lacks, and how many characters were replaced. OPML is written as
// the document is read; the other formats need the tree.
func (fw fileWriter) write(w io.Writer, e *exportTree) (lost []string, chars int, err error) {
	opts := format.WriteOptions{Flavor: fw.flavor, Head: e.foreign.Head, Kept: e.foreign.Kept}
	if fw.format.Name == format.OPML {
		report, err := opml.EncodeStream(w, e.stream(), opts)
		chars, lost = tellLosses(report.Losses)
		if report.Depth > opml.SafeDepth {
			lost = append(lost, fmt.Sprintf("it is %d levels deep; some programs read no more than %d", report.Depth, opml.SafeDepth))
		}
		return lost, chars, err
	}
	doc, err := e.document()
	if err != nil {
		return nil, 0, err
	}
	losses, err := fw.format.Write(w, doc, opts)
	chars, lost = tellLosses(losses)
	if n := len(e.foreign.Kept); n > 0 {
		lost = append(lost, "attributes of another program of "+counted(n, "item")+", which only OPML holds")
	}
	if e.foreign.InHead() {
		lost = append(lost, "what another program wrote into the head, which only OPML holds")
	}
	return lost, chars, err
}

// tellLosses counts characters that were replaced in texts, and says for every
// other field in how many items it is not written, or not in full.
func tellLosses(losses []opml.Loss) (chars int, told []string) {
	count := map[string]int{}
	var fields []string
	for _, l := range losses {
		n := l.Count
		if l.Node != "" {
			switch l.Field {
			case opml.FieldContent, opml.FieldNote, opml.FieldTitle:
				chars += n
				continue
			}
			n = 1
		}
		if count[l.Field] == 0 {
			fields = append(fields, l.Field)
		}
		count[l.Field] += n
	}
	for _, f := range fields {
		told = append(told, fmt.Sprintf("%s of %s not written in full", fieldName(f), counted(count[f], "item")))
	}
	return chars, told
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// fieldName returns what a person calls a field.
func fieldName(field string) string {
	switch field {
	case opml.FieldContent:
		return "text"
	case opml.FieldChecked:
		return "done mark"
	case opml.FieldNumbered:
		return "numbering"
	case opml.FieldCollapsed:
		return "folding"
	case opml.FieldCreated:
		return "date of creation"
	case opml.FieldModified:
		return "date of change"
	case opml.FieldExtra:
		return "data of the service that no format but JSON holds"
	case opml.FieldHead:
		return "owner and other elements of the head"
	case opml.FieldTitle, opml.FieldNote, opml.FieldCheckbox, opml.FieldHeading, opml.FieldColor, opml.FieldID, format.FieldDepth:
		return field
	}
	return "attribute " + strconv.Quote(field)
}
