package opml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// window holds the part of the file that is being looked at. A token is parsed
// from one contiguous piece of it; when the piece turns out too short, more is
// read and the token is parsed again, which is rare since pieces are large.
type window struct {
	r     io.Reader
	buf   []byte
	pos   int // next byte to be parsed
	eof   bool
	limit int64 // bytes still allowed
	total int64 // the limit as it was
	line  place // of buf[counted]

	counted int // up to here lines were counted; never behind pos
}

const firstWindow = 64 << 10

// rest returns what is there and not yet parsed.
func (w *window) rest() []byte { return w.buf[w.pos:] }

// more reads on, after it has dropped what was parsed. It returns io.EOF when
// nothing follows.
func (w *window) more() error {
	if w.eof {
		return io.EOF
	}
	w.count(w.pos)
	w.counted = 0
	n := copy(w.buf, w.buf[w.pos:])
	w.buf, w.pos = w.buf[:n], 0
	if size := max(firstWindow, 2*n); size > cap(w.buf) {
		w.buf = append(make([]byte, 0, size), w.buf...)
	}
	for range 100 {
		got, err := w.r.Read(w.buf[n:cap(w.buf)])
		w.buf = w.buf[:n+got]
		if w.limit -= int64(got); w.limit < 0 {
			w.pos = len(w.buf)
			return w.fail(tooMuch(0, "file is larger than "+strconv.FormatInt(w.total, 10)+" bytes"))
		}
		if err == io.EOF {
			w.eof = true
			err = nil
		}
		if got > 0 || err != nil || w.eof {
			return err
		}
	}
	return io.ErrNoProgress
}

// count counts lines up to that byte of buf.
func (w *window) count(to int) {
	if to > w.counted {
		w.line.advance(w.buf[w.counted:to])
		w.counted = to
	}
}

// at returns the place of the byte that stands off bytes behind pos. What was
// counted for a token stays counted: a file may hold very many oddities. No
// place before that token is asked for afterwards.
func (w *window) at(off int) (line, column int) {
	w.count(min(w.pos, w.pos+off))
	p := w.line
	p.advance(w.buf[w.counted:max(w.counted, min(w.pos+off, len(w.buf)))])
	return p.lines + 1, p.columns + 1
}

// fail returns the error for a fault, counted from pos.
func (w *window) fail(f *fault) error {
	line, column := w.at(f.at)
	return &SyntaxError{line, column, f.reason, f.limit}
}

// readError wraps what the source of the file said.
func readError(err error) error {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return err
	}
	return fmt.Errorf("read OPML: %w", err)
}

// place counts the lines, and the characters of the last one, before a byte.
type place struct {
	lines, columns int
	cr             bool // the last byte was CR, and LF would belong to it
}

func (p *place) advance(b []byte) {
	if len(b) == 0 {
		return
	}
	if p.cr && b[0] == '\n' {
		p.lines--
	}
	p.lines += bytes.Count(b, []byte{'\n'}) + bytes.Count(b, []byte{'\r'}) - bytes.Count(b, []byte("\r\n"))
	p.cr = b[len(b)-1] == '\r'
	if end := bytes.LastIndexAny(b, "\r\n"); end >= 0 {
		p.columns = 0
		b = b[end+1:]
	}
	p.columns += utf8.RuneCount(b)
}
