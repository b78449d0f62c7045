package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/oklog/ulid/v2"

	"outlast/internal/outline"
)

const (
	apiPath        = "/api/"
	terminalHeader = "Outlast-Terminal"
	jsonType       = "application/json"
	importType     = "application/vnd.outlast.import" // first line the request, then the file
	linesType      = "application/vnd.outlast.lines"  // objects, one a line, some with content behind
)

// NewGroup returns the id of a new group of edits.
func NewGroup() string { return ulid.Make().String() }

// changer is a request that changes something.
type changer interface{ change() *Change }

func (c *Change) change() *Change { return c }

// fill gives a change its group and actor.
func (c *Client) fill(r changer) {
	ch := r.change()
	if ch.Group == "" {
		ch.Group = NewGroup()
	}
	if ch.Actor == "" {
		ch.Actor = c.Actor
	}
}

func change[Res any](ctx context.Context, c *Client, name string, r changer) (Res, error) {
	c.fill(r)
	return call[Res](ctx, c, name, r)
}

// call sends a request and reads its answer.
func call[Res any](ctx context.Context, c *Client, name string, request any) (res Res, err error) {
	body, err := encode(request)
	if err != nil {
		return res, fmt.Errorf("%s: encode request: %w", name, err)
	}
	answer, err := c.post(ctx, name, jsonType, bytes.NewReader(body))
	if err != nil {
		return res, err
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&res); err != nil {
		return res, fmt.Errorf("%s: read answer: %w", name, err)
	}
	return res, drain(answer.Body)
}

// encode is json.Marshal, which puts U+FFFD in the place of bytes that are not
// UTF-8 and says nothing; here they are refused. It alone writes that character
// as an escape, so that the user's own U+FFFD is told apart.
func encode(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	for rest := body; ; {
		at := bytes.Index(rest, []byte(`\ufffd`))
		if at < 0 {
			return body, nil
		}
		before := rest[:at]
		if escapes := len(before) - len(bytes.TrimRight(before, `\`)); escapes%2 == 0 {
			return nil, fmt.Errorf("a text is not UTF-8: %w", outline.ErrInvalid)
		}
		rest = rest[at+1:]
	}
}

// post sends a body and returns the answer if it is a good one.
func (c *Client) post(ctx context.Context, name, contentType string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+Host+apiPath+name, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	req.Header.Set("Content-Type", contentType)
	if c.Terminal != "" {
		req.Header.Set(terminalHeader, c.Terminal)
	}
	answer, err := c.rt.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer, nil
	}
	defer answer.Body.Close()
	return nil, readError(name, answer)
}

// readError reads the error of an answer that is not good.
func readError(name string, answer *http.Response) error {
	var e struct {
		Error *Error `json:"error"`
	}
	err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&e)
	if err != nil || e.Error == nil {
		return fmt.Errorf("%s: unexpected answer %s", name, answer.Status)
	}
	return e.Error
}

// drain reads what is left, so that a connection can be used again and an
// answer that was cut short is noticed.
func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// upload sends the request as the first line of a body that goes on with a file.
func upload[Res any](ctx context.Context, c *Client, name string, request any, file io.Reader, progress func(Progress)) (res Res, err error) {
	head, err := encode(request)
	if err != nil {
		return res, fmt.Errorf("%s: encode request: %w", name, err)
	}
	var body io.Reader = strings.NewReader(string(head) + "\n")
	if file != nil {
		body = io.MultiReader(body, file)
	}
	answer, err := c.post(ctx, name, importType, body)
	if err != nil {
		return res, err
	}
	return readFrames[Res](name, answer, watching(progress))
}

// frames sends a request and gives each line of the answer to fn, up to the
// result, which it decodes.
func frames[Res any](ctx context.Context, c *Client, name string, request any, fn func(frame) error) (res Res, err error) {
	body, err := encode(request)
	if err != nil {
		return res, fmt.Errorf("%s: encode request: %w", name, err)
	}
	answer, err := c.post(ctx, name, jsonType, bytes.NewReader(body))
	if err != nil {
		return res, err
	}
	return readFrames[Res](name, answer, fn)
}

// readFrames gives each line of an answer to fn, up to the result.
func readFrames[Res any](name string, answer *http.Response, fn func(frame) error) (res Res, err error) {
	defer answer.Body.Close()
	lines := frameReader{r: bufio.NewReaderSize(answer.Body, chunk)}
	for {
		f, err := lines.next()
		if err != nil {
			return res, fmt.Errorf("%s: answer was cut short: %w", name, noEOF(err))
		}
		switch {
		case f.Error != nil:
			return res, f.Error
		case f.Result != nil:
			if err := json.Unmarshal(f.Result, &res); err != nil {
				return res, fmt.Errorf("%s: read answer: %w", name, err)
			}
			return res, drain(answer.Body)
		}
		if err := fn(f); err != nil {
			return res, err
		}
	}
}

// watching gives progress, if not nil, what an answer tells of it.
func watching(progress func(Progress)) func(frame) error {
	return func(f frame) error {
		if f.Progress != nil && progress != nil {
			progress(*f.Progress)
		}
		return nil
	}
}

// frameReader reads the lines of a streamed answer.
type frameReader struct {
	r    *bufio.Reader
	data [chunk]byte
}

func (r *frameReader) next() (f frame, err error) {
	line, err := r.r.ReadBytes('\n')
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(line, &f); err != nil {
		return f, err
	}
	if f.Bytes < 0 || f.Bytes > len(r.data) {
		return f, fmt.Errorf("%d bytes of content: %w", f.Bytes, outline.ErrInvalid)
	}
	f.data = r.data[:f.Bytes]
	_, err = io.ReadFull(r.r, f.data)
	return f, err
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (c *Client) sync(ctx context.Context, r SyncRequest, progress func(Progress)) (SyncResult, error) {
	return frames[SyncResult](ctx, c, "sync", r, watching(progress))
}
