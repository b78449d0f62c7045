package server

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"outlast/internal/dynalist"
)

// write is one transaction together with the way back in memory.
type write struct {
	tx   *bbolt.Tx
	now  int64 // Unix milliseconds, the same for all that this request makes
	born origin
	undo []func()
	done bool
}

// onUndo notes how to take back a change of memory.
func (w *write) onUndo(f func()) { w.undo = append(w.undo, f) }

// rollback takes back everything, unless the transaction was committed.
func (w *write) rollback() {
	if w.done {
		return
	}
	w.done = true
	for _, f := range slices.Backward(w.undo) {
		f()
	}
	_ = w.tx.Rollback() // of no consequence: it was committed in vain, or nothing was written
}

// begin opens the transaction of a request that changes something. The caller
// holds the lock for writing until commit or rollback.
func (s *Server) begin(requestID string) (*write, error) {
	tx, err := s.db.Begin(true)
	if err != nil {
		return nil, err
	}
	w := &write{tx: tx, now: time.Now().UnixMilli()}
	if w.born.seq, err = bucket(tx, bucketMeta).NextSequence(); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	if requestID != "" {
		w.born.request, err = parseRequestID(requestID)
		if err != nil {
			return nil, errors.Join(err, tx.Rollback())
		}
	}
	return w, nil
}

// commit makes w durable. Its first failure is the last thing written; see the
// package comment.
func (s *Server) commit(w *write) error {
	err := w.tx.Commit()
	switch {
	case err == nil:
		w.done = true
		s.seq = w.born.seq
		return nil
	case errors.Is(err, berrors.ErrMaxSizeReached):
		w.rollback()
		return &refusal{status: http.StatusInsufficientStorage, code: dynalist.CodeStorageFull, msg: "the data file has reached its largest size"}
	}
	w.rollback()
	s.frozen = fmt.Errorf("commit: %w", err)
	s.log.Error("a commit failed; nothing is written any more until the server is started again", "error", err.Error())
	return fmt.Errorf("%w: %w", errDoubtful, err)
}

// errDoubtful tells that a change may or may not be on the disk.
var errDoubtful = errors.New("outcome unknown")

// change is a request that changes something.
type change struct {
	call
	requestID string // "" in profile compat
	body      any    // the request without its token
	count     int    // changes of doc/edit, for their own rate bucket
	shrinks   bool   // takes no room: allowed on a full disk
}

// perform does a change once. apply returns the answer, or an error that
// leaves everything as it was.
func (s *Server) perform(c change, apply func(*write) (any, error)) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	digest, err := c.digest()
	if err != nil {
		return s.failed(c.call, err)
	}
	if a, ok := s.replay(c, digest); ok {
		return a
	}
	if no := s.mayWrite(c); no != nil {
		return no.answer()
	}
	w, err := s.begin(c.requestID)
	if err != nil {
		return s.failed(c.call, err)
	}
	defer w.rollback()
	v, err := apply(w)
	if err != nil {
		w.rollback()
		return s.refuseForGood(c, digest, err)
	}
	a := reply(v)
	if no, ok := v.(*refusal); ok {
		a = no.answer() // compat: refused, and partly applied all the same
	}
	return s.conclude(w, c, digest, a)
}

// conclude commits a change together with its answer.
func (s *Server) conclude(w *write, c change, digest []byte, a answer) answer {
	if err := s.remember(w, c.requestID, digest, a.body); err != nil {
		return s.failed(c.call, err)
	}
	if err := s.commit(w); err != nil {
		if errors.Is(err, errDoubtful) {
			s.doubt = c.requestID
			return broken()
		}
		return s.failed(c.call, err)
	}
	return a
}

// refuseForGood answers a change that was looked at and not done. With a request id
// the refusal is kept like any answer: a copy of the request may still be on its
// way, and must not be done when the reason for the refusal has gone, since the
// client has sent the change under another id by then.
func (s *Server) refuseForGood(c change, digest []byte, cause error) answer {
	a := s.failed(c.call, cause)
	if no, ok := errors.AsType[*refusal](cause); !ok || no.status != 0 || c.requestID == "" {
		return a
	}
	w, err := s.begin(c.requestID)
	if err != nil {
		return s.failed(c.call, err)
	}
	defer w.rollback()
	return s.conclude(w, c, digest, a)
}

// mayWrite gives the reasons to refuse that do not depend on the change.
func (s *Server) mayWrite(c change) *refusal {
	if !s.limits.allow(c.key, c.path, 1) {
		return tooMany()
	}
	if s.frozen != nil {
		return &refusal{
			status: http.StatusServiceUnavailable, code: dynalist.CodeStorageFull,
			msg: "the server cannot write any more and must be started again",
		}
	}
	if no := s.lockState(); no != nil {
		return no
	}
	if s.cfg.Full != nil && !c.shrinks {
		if err := s.cfg.Full(); err != nil {
			return &refusal{status: http.StatusInsufficientStorage, code: dynalist.CodeStorageFull, msg: err.Error()}
		}
	}
	if c.count > 0 && !s.limits.allow(c.key, dynalist.ChangesLimit, c.count) {
		return tooMany()
	}
	return nil
}

// digest names the content of a request, however it was spelled.
func (c change) digest() ([]byte, error) {
	if c.requestID == "" {
		return nil, nil
	}
	body, err := json.Marshal(c.body)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte(c.path+"\n"), body...))
	return sum[:], nil
}
