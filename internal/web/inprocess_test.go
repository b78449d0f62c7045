package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func request(t *testing.T, ctx context.Context) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+Host+"/x", strings.NewReader("in"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestInProcessStreams(t *testing.T) {
	next := make(chan string)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X", "1")
		for s := range next {
			_, _ = io.WriteString(w, s)
		}
	})
	go func() { next <- "one" }()
	res, err := InProcess(h).RoundTrip(request(t, t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	buf := make([]byte, 8)
	n, err := res.Body.Read(buf) // while the handler is still running
	if string(buf[:n]) != "one" || err != nil || res.Header.Get("X") != "1" {
		t.Errorf("got %q, %v", buf[:n], err)
	}
	close(next)
	if rest, err := io.ReadAll(res.Body); len(rest) != 0 || err != nil {
		t.Errorf("rest %q, %v", rest, err)
	}
}

func TestInProcessCloseEndsTheHandler(t *testing.T) {
	ended := false
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		<-r.Context().Done()
		ended = true
	})
	res, err := InProcess(h).RoundTrip(request(t, t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if !ended {
		t.Error("the handler still runs after Close")
	}
}

func TestInProcessBrokenAnswerIsAnError(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"before": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"after": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "part")
			panic(http.ErrAbortHandler)
		},
	} {
		res, err := InProcess(h).RoundTrip(request(t, t.Context()))
		if err == nil {
			_, err = io.ReadAll(res.Body)
			res.Body.Close()
		}
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: a part passed for the whole: %v", name, err)
		}
	}
}
