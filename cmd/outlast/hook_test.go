package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptHook plays a receiver of notices on this machine:
//
//	hook start           sets HOOK, whose path is a secret
//	hook got N TEXT      it was called N times, and the last call holds TEXT
func scriptHook(ts *testscript.TestScript, neg bool, args []string) {
	s := stateOf(ts)
	switch {
	case neg || len(args) == 0:
		ts.Fatalf("usage: hook start|got N TEXT")
	case args[0] == "start":
		s.hook = newScriptReceiver()
		ts.Setenv("HOOK", s.hook.URL+"/canary-hook-Zq3")
	case args[0] == "got" && len(args) == 3:
		s.hook.mu.Lock()
		defer s.hook.mu.Unlock()
		if got := strconv.Itoa(len(s.hook.bodies)); got != args[1] {
			ts.Fatalf("%s notices arrived, want %s:\n%s", got, args[1], strings.Join(s.hook.bodies, "\n"))
		}
		if n := len(s.hook.bodies); n > 0 && !strings.Contains(s.hook.bodies[n-1], args[2]) {
			ts.Fatalf("got %s", s.hook.bodies[n-1])
		}
	default:
		ts.Fatalf("unknown: hook %s", args[0])
	}
}

type scriptReceiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
}

func newScriptReceiver() *scriptReceiver {
	r := &scriptReceiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies = append(r.bodies, string(body))
	}))
	return r
}
