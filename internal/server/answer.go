package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"outlast/internal/dynalist"
)

// answer is what goes back to the client.
type answer struct {
	status int
	code   string // of the envelope, for the log; "" if there is none
	body   []byte
	plain  bool // body is text, no JSON
}

// refusal is the error of a request that was understood and not done. Nothing
// of it is applied.
type refusal struct {
	status  int // 0 is 200
	code    string
	msg     string
	version *int64 // of the document, with VersionMismatch
}

func (r *refusal) Error() string { return r.code + ": " + r.msg }

func refuse(code, format string, args ...any) *refusal {
	return &refusal{code: code, msg: fmt.Sprintf(format, args...)}
}

func (r *refusal) answer() answer {
	a := reply(struct {
		dynalist.Envelope
		Version *int64 `json:"version,omitempty"`
	}{dynalist.Envelope{Code: r.code, Msg: r.msg}, r.version})
	a.code = r.code
	if r.status != 0 {
		a.status = r.status
	}
	return a
}

// reply answers with an envelope and what belongs to it.
func reply(v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		return broken()
	}
	return answer{status: http.StatusOK, code: dynalist.CodeOK, body: body}
}

// success is the envelope of an answer that all went well.
func success() dynalist.Envelope { return dynalist.Envelope{Code: dynalist.CodeOK} }

// broken answers when this server is at fault and a client must not conclude
// anything: no JSON, so nobody takes it for a clear no.
func broken() answer {
	return answer{
		status: http.StatusInternalServerError, plain: true,
		body: []byte("the outcome of this request is unknown\n"),
	}
}

func (a answer) send(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	if a.plain {
		h.Set("Content-Type", "text/plain; charset=utf-8")
	}
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone does not hear of it
}

// readBody reads a body of at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *refusal) {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return nil, &refusal{
			status: http.StatusUnsupportedMediaType, code: dynalist.CodeInvalid,
			msg: "send the body without compression",
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if isTooLarge(err) {
		return nil, &refusal{
			status: http.StatusRequestEntityTooLarge, code: dynalist.CodeInvalid,
			msg: fmt.Sprintf("the body is larger than %d bytes", limit),
		}
	}
	if err != nil {
		return nil, refuse(dynalist.CodeInvalid, "the body ended too early")
	}
	return body, nil
}
