package web

import (
	"fmt"
	"io"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/opml"
)

// fileWriter writes a document in one format.
type fileWriter struct {
	extension string // of file names, without the dot
	to        func(w io.Writer, d *outline.Document) (losses []string, err error)
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
	if err != nil {
		return fileWriter{}, err
	}
	to := func(w io.Writer, d *outline.Document) ([]string, error) {
		lost, err := f.Write(w, d, format.WriteOptions{Flavor: dialect})
		return lossesOf(lost), err
	}
	return fileWriter{extension: f.Name, to: to}, nil
}

// lossesOf tells what a file lacks: per field, in how many items.
func lossesOf(lost []opml.Loss) []string {
	count := map[string]int{}
	var fields []string
	for _, l := range lost {
		if count[l.Field] == 0 {
			fields = append(fields, l.Field)
		}
		if l.Node != "" {
			count[l.Field]++
		} else {
			count[l.Field] += l.Count
		}
	}
	var out []string
	for _, f := range fields {
		out = append(out, fmt.Sprintf("%s of %d items not written in full", f, count[f]))
	}
	return out
}
