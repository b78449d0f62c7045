package format

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"outlast/internal/outline"
)

// JSONHead is what stands before the nodes.
type JSONHead struct {
	ID      outline.FileID `json:"file_id"`
	Title   string         `json:"title"`
	Version int64          `json:"version"`
}

// ScanJSON reads what WriteJSON wrote, a node at a time in the order of the file,
// orphans last, and builds no tree: memory holds one line. Only the canonical layout
// is taken; ReadJSON reads any. A node is valid until the next one; an error of each
// ends it.
func ScanJSON(r io.Reader, each func(n *Orphan) error) (JSONHead, error) {
	var head JSONHead
	in := bufio.NewReaderSize(r, 256<<10)
	line, err := scanLine(in, nil)
	if err != nil {
		return head, fmt.Errorf("line 1: %w", err)
	}
	if err := parseHead(line, &head); err != nil {
		return head, fmt.Errorf("line 1: %w", err)
	}
	var p lineParser
	for number := 2; ; number++ {
		if line, err = scanLine(in, line[:0]); err != nil {
			return head, fmt.Errorf("line %d: %w", number, err)
		}
		if string(line) == "]}" {
			break
		}
		n := p.read(string(bytes.TrimSuffix(line, []byte{','})))
		if p.bad {
			return head, fmt.Errorf("line %d: not a node as we write it", number)
		}
		if err := each(n); err != nil {
			return head, err
		}
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return head, errors.New("something follows the document")
	}
	return head, nil
}

func parseHead(line []byte, head *JSONHead) error {
	if !bytes.HasSuffix(line, []byte("[")) {
		return errors.New("not the head of a document")
	}
	d := json.NewDecoder(bytes.NewReader(append(line, "]}"...)))
	d.DisallowUnknownFields()
	var whole struct {
		JSONHead
		Nodes []struct{} `json:"nodes"`
	}
	err := d.Decode(&whole)
	*head = whole.JSONHead
	return err
}

// scanLine returns a line without its end, in buf. A file that ends within a
// line was cut short.
func scanLine(in *bufio.Reader, buf []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		buf = append(buf, part...)
		switch {
		case err == nil:
			return buf[:len(buf)-1], nil
		case errors.Is(err, io.EOF):
			return buf, io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return buf, err
		}
	}
}
