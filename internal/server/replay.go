package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"

	"outlast/internal/dynalist"
)

// parseRequestID reads a request id.
func parseRequestID(id string) (ulid.ULID, error) {
	u, err := ulid.ParseStrict(id)
	if err != nil || u.IsZero() {
		return ulid.ULID{}, refuse(dynalist.CodeInvalid, "request_id must be a ULID")
	}
	return u, nil
}

// expired tells whether an id is so old that its answer may have been dropped.
func expired(u ulid.ULID, now time.Time) bool {
	return ulid.Time(u.Time()).Before(now.Add(-retention))
}

// replay returns the answer to a request that is known by its id, and whether
// there is one. It comes before every other check: a refusal would tell the
// client that the request was never applied.
func (s *Server) replay(c change, digest []byte) (answer, bool) {
	if c.requestID == "" {
		return answer{}, false
	}
	u, err := parseRequestID(c.requestID)
	if err != nil {
		return s.failed(c.call, err), true
	}
	if s.frozen != nil && s.doubt == c.requestID {
		return broken(), true
	}
	stored, err := s.storedAnswer(u)
	switch {
	case err != nil:
		return s.failed(c.call, err), true
	case stored == nil && expired(u, time.Now()):
		return refuse(dynalist.CodeRequestExpired, "request_id is older than %s", retention).answer(), true
	case stored == nil:
		return answer{}, false
	case !bytes.Equal(stored[:sha256.Size], digest):
		return refuse(dynalist.CodeRequestMismatch, "request_id was used for another request").answer(), true
	}
	body := append(bytes.TrimSuffix(stored[sha256.Size:], []byte("}")), `,"replayed":true}`...)
	return answer{status: http.StatusOK, code: codeOf(body), body: body}, true
}

// codeOf returns the code of a stored answer, for the log.
func codeOf(body []byte) string {
	var e dynalist.Envelope
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	return e.Code
}

// storedAnswer returns a copy of the digest and answer kept under an id, or nil.
func (s *Server) storedAnswer(u ulid.ULID) ([]byte, error) {
	var stored []byte
	err := s.db.View(func(tx *bbolt.Tx) error {
		sealed := bucket(tx, bucketRequests).Get(u[:])
		if sealed == nil {
			return nil
		}
		v, err := unseal(u[:], sealed)
		if err == nil && len(v) < sha256.Size {
			err = errDamaged
		}
		if err != nil {
			return fmt.Errorf("stored answer: %w", err)
		}
		stored = bytes.Clone(v)
		return nil
	})
	return stored, err
}

// remember keeps an answer in the transaction of its effects, and drops a few
// that are past the retention: ids sort by time.
func (s *Server) remember(w *write, id string, digest, body []byte) error {
	if id == "" {
		return nil
	}
	b := bucket(w.tx, bucketRequests)
	if err := putSealed(b, w.born.request[:], append(digest, body...)); err != nil {
		return err
	}
	const batch = 50
	cur := b.Cursor()
	for i := 0; i < batch; i++ {
		k, _ := cur.First()
		if len(k) != len(ulid.ULID{}) || !expired(ulid.ULID(k), time.UnixMilli(w.now)) {
			return nil
		}
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// honoured returns a request id where the profile knows about them.
func (s *Server) honoured(id string) string {
	if s.safe() {
		return id
	}
	return ""
}
