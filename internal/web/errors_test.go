package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// TestErrorsKeepTheirSentinels sends every error of the table through a real
// handler and back.
func TestErrorsKeepTheirSentinels(t *testing.T) {
	codes := map[string]bool{}
	for _, k := range kinds() {
		if codes[k.code] {
			t.Errorf("code %s stands twice", k.code)
		}
		codes[k.code] = true
		h := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			a := &api{Deps: Deps{Log: quiet()}}
			a.fail(rw, r, fmt.Errorf("do a thing: %w", k.is))
		})
		_, err := NewClient(InProcess(h)).Hello(t.Context())
		e := wantError(t, err, k.is)
		if e.Message != "do a thing: "+k.is.Error() || e.Safe != k.safe || e.Next != k.next {
			t.Errorf("%s: got %+v", k.code, e)
		}
		for _, other := range kinds() {
			if other.code != k.code && errors.Is(err, other.is) {
				t.Errorf("%s is taken for %s as well", k.code, other.code)
			}
		}
	}
}

func TestErrorOfNoKindIsInternalAndWordsOfItsOwnWin(t *testing.T) {
	status, e := answerOf(io.ErrShortWrite)
	if status != http.StatusInternalServerError || e.Code != "internal" {
		t.Errorf("got %d %+v", status, e)
	}
	mine := Fail(ErrUnreachable, "no reply in 30 s", "wait")
	mine.Candidates = []Ref{{Text: "x"}}
	_, e = answerOf(fmt.Errorf("sync: %w", mine))
	if e.Code != "unreachable" || e.Next != "wait" || e.Safe == "" || len(e.Candidates) != 1 || e.Message != "sync: no reply in 30 s" {
		t.Errorf("got %+v", e)
	}
}

func TestPanicOfACallIsAnswered(t *testing.T) {
	w := newWorld(t)
	w.rt = InProcess(NewHandler(Deps{})) // no database: every call that needs one panics
	_, err := w.Status(t.Context())
	wantError(t, err, ErrInternal)
}
