package web

import (
	"context"
	"io"
)

// export gives each file of a streamed answer to each. The function reads from
// a pipe that this goroutine fills, so it runs in one of its own, which has
// ended when export returns.
func (c *Client) export(ctx context.Context, name string, request any, each func(ExportFile, io.Reader) error) (ExportResult, error) {
	r := receiver{each: each}
	res, err := frames[ExportResult](ctx, c, name, request, r.frame)
	if err != nil {
		_ = r.finish(err)
		return res, err
	}
	return res, r.finish(nil)
}

// receiver hands the content of one file after another to a function.
type receiver struct {
	each func(ExportFile, io.Reader) error
	w    *io.PipeWriter
	done chan error
}

func (r *receiver) frame(f frame) error {
	if f.File != nil {
		if err := r.finish(nil); err != nil {
			return err
		}
		r.start(*f.File)
		return nil
	}
	if r.w == nil || len(f.data) == 0 {
		return nil
	}
	if _, err := r.w.Write(f.data); err != nil {
		return r.finish(err)
	}
	return nil
}

func (r *receiver) start(f ExportFile) {
	pr, pw := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := r.each(f, pr)
		if err == nil {
			_, err = io.Copy(io.Discard, pr) // what the function did not want
		}
		pr.CloseWithError(err)
		done <- err
	}()
	r.w, r.done = pw, done
}

// finish ends the file under way, with an error for its reader if there is
// one, and returns what the function made of it.
func (r *receiver) finish(err error) error {
	if r.w == nil {
		return nil
	}
	r.w.CloseWithError(err)
	r.w = nil
	return <-r.done
}
