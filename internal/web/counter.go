package web

import "io"

// countedSteps is how many lines tell the progress of a job at most. They are few
// enough that no buffer fills up: some are told from within a transaction, which
// must not wait for a reader.
const countedSteps = 100

// counter tells how far a job is whose end is known. A nil counter tells nothing.
type counter struct {
	lines *lineWriter
	at    Progress
	next  int // Done at which the next line is due
}

func counting(stage string, total int, lines *lineWriter) *counter {
	return &counter{lines: lines, at: Progress{Stage: stage, Total: total}}
}

// add notes that n more are done.
func (c *counter) add(n int) error {
	if c == nil {
		return nil
	}
	c.at.Done += n
	if c.at.Done < c.next {
		return nil
	}
	c.next = c.at.Done + max(1, c.at.Total/countedSteps)
	return c.lines.progress(c.at)
}

// reader counts the bytes that are read through it.
func (c *counter) reader(r io.Reader) io.Reader {
	if c == nil {
		return r
	}
	return countedReader{r, c}
}

type countedReader struct {
	io.Reader
	c *counter
}

func (r countedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if said := r.c.add(n); err == nil {
		err = said
	}
	return n, err
}
