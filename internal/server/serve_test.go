package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"outlast/internal/dynalist"
)

func TestCheckListen(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:80": true, "127.1.2.3:80": true, "localhost:0": true, "[::1]:80": true,
		":80": false, "0.0.0.0:80": false, "[::]:80": false, "192.168.1.2:80": false,
		"example.org:80": false, "localhost.example.org:80": false, "127.0.0.1": false,
	} {
		if err := CheckListen(addr, false); (err == nil) != want {
			t.Errorf("%s: got %v", addr, err)
		}
		if err := CheckListen(addr, true); err != nil && addr != "127.0.0.1" {
			t.Errorf("%s with TLS: got %v", addr, err)
		}
	}
}

func TestServeUntilTheContextEnds(t *testing.T) {
	s := open(t, Config{Hosts: []string{"outline.home:8443"}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for host, want := range map[string]int{
		"127.0.0.1:" + port: 200, "localhost:" + port: 200, "LOCALHOST:" + port: 200, "[::1]:" + port: 200,
		"outline.home:8443": 200, "outline.home": 421, "127.0.0.1": 421, "localhost:1": 421,
		"evil.example:" + port: 421, "127.0.0.1.evil.example:" + port: 421,
	} {
		for _, path := range []string{"/livez", "/nothing"} {
			r, _ := http.NewRequest("GET", "http://"+l.Addr().String()+path, nil)
			r.Host = host
			a, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, a.Body)
			a.Body.Close()
			if got := a.StatusCode; got != want && !(path == "/nothing" && want == 200 && got == 404) {
				t.Errorf("%s %s: got %d, want %d", host, path, got, want)
			}
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestServeTellsWhyItEnded(t *testing.T) {
	s := open(t, Config{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := s.Serve(context.Background(), l); err == nil {
		t.Error("no error for a closed listener")
	}
}

func TestOverloadIsShed(t *testing.T) {
	s := open(t, Config{})
	var conns atomic.Int64
	h := s.shed(&conns, s.Handler())
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", path, strings.NewReader(`{"token":"`+testToken+`"}`)))
		return w
	}
	if w := ask(apiPrefix + dynalist.PathFileList); w.Code != 200 {
		t.Errorf("no load: got %d", w.Code)
	}
	conns.Store(maxConns + 1)
	w := ask(apiPrefix + dynalist.PathFileList)
	if w.Code != 503 || !strings.HasPrefix(w.Body.String(), `{"_code":"TooManyRequests"`) || w.Header().Get("Connection") != "close" {
		t.Errorf("read: got %d %s", w.Code, w.Body)
	}
	w = ask(apiPrefix + dynalist.PathDocEdit)
	if w.Code != 503 || strings.HasPrefix(w.Body.String(), "{") {
		t.Errorf("write: got %d %s", w.Code, w.Body)
	}
	if w = ask("/livez"); w.Code != 405 {
		t.Errorf("/livez: got %d", w.Code)
	}
}

func TestHandlerSurvivesPanic(t *testing.T) {
	s := open(t, Config{})
	s.tree.byID[s.inbox] = nil // what no request can bring about
	w := s.send(dynalist.PathFileList, `{"token":"`+testToken+`"}`)
	if w.Code != 500 || strings.Contains(w.Body.String(), "panic") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if s.get("/livez") != 200 || s.get("/readyz") != 200 {
		t.Error("the server does not go on")
	}
}
