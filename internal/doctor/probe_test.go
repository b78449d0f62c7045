package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"outlast/internal/server"
)

// serve returns the way to a service of a profile, and how often it was asked.
func serve(t *testing.T, c server.Config) (Call, *int) {
	t.Helper()
	c.Path, c.NoSync = filepath.Join(t.TempDir(), "server.db"), true
	srv, err := server.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	token, _, err := srv.CreateToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	asked, handler := new(int), srv.Handler()
	return func(ctx context.Context, endpoint string, request map[string]any) (json.RawMessage, error) {
		*asked++
		request["token"] = token
		body, err := json.Marshal(request)
		if err != nil {
			return nil, err
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", "/api/v1/"+endpoint, bytes.NewReader(body)))
		return w.Body.Bytes(), nil
	}, asked
}

func probe(t *testing.T, call Call) map[string]Observed {
	t.Helper()
	told := 0
	all, err := Probe(t.Context(), call, func(Observed) { told++ })
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]Observed{}
	for _, o := range all {
		rows[o.Habit] = o
	}
	if len(rows) != 24 || told != 24 {
		t.Errorf("%d rows and %d told, want 24 each", len(rows), told)
	}
	return rows
}

// The faithful profile does all that the client was built for, and the dependable
// one as well.
func TestProbeOfOurServer(t *testing.T) {
	for _, profile := range []server.Profile{server.Compat, server.Safe} {
		call, asked := serve(t, server.Config{Profile: profile})
		for _, o := range probe(t, call) {
			if o.Differs() || o.Found == "" && o.Expected != "" {
				t.Errorf("%s: %+v", profile, o)
			}
		}
		if *asked > 120 {
			t.Errorf("%s: %d requests, which take minutes at a service that allows 60 a minute", profile, *asked)
		}
	}
}

// Each switch of the faithful profile is seen by the row that it belongs to.
func TestProbeSeesEachSwitch(t *testing.T) {
	for habit, tt := range map[string]struct {
		s    server.Switches
		want string
	}{
		"F10": {server.Switches{BatchError: server.KeepOthers}, "all others kept"},
		"F16": {server.Switches{RootType: "root"}, "root"},
		"F18": {server.Switches{NoIndexFirst: true}, "first"},
	} {
		call, _ := serve(t, server.Config{Profile: server.Compat, Switches: tt.s})
		if got := probe(t, call)[habit].Found; got != tt.want {
			t.Errorf("%s: found %q, want %q", habit, got, tt.want)
		}
	}
}

// A second probe uses the document of the first and leaves it as empty.
func TestProbeLeavesOneEmptyDocument(t *testing.T) {
	call, _ := serve(t, server.Config{Profile: server.Compat})
	probe(t, call)
	probe(t, call)
	p := &prober{ctx: t.Context(), call: call}
	list, err := p.must("file/list", map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	var scratch []string
	for _, f := range list.Files {
		if f.Title == ScratchTitle {
			scratch = append(scratch, f.ID)
		}
	}
	if len(scratch) != 1 || len(list.Files) != 3 { // root folder, inbox, scratch
		t.Fatalf("files after two probes: %+v", list.Files)
	}
	p.doc = scratch[0]
	if a, err := p.read(); err != nil || len(a.Nodes) != 1 {
		t.Errorf("%d items are left, %v", len(a.Nodes), err)
	}

	// What somebody has written there is not touched.
	if _, err := p.insert(rootID, "buy bread"); err != nil {
		t.Fatal(err)
	}
	probe(t, call)
	if got, err := p.contents(rootID); got != "buy bread" || err != nil {
		t.Errorf("the scratch document that somebody wrote into holds %q, %v", got, err)
	}
}

// A service that does otherwise is told so, and one that does not answer ends it.
func TestProbeTellsDifferences(t *testing.T) {
	real, _ := serve(t, server.Config{Profile: server.Compat})
	call := func(ctx context.Context, endpoint string, request map[string]any) (json.RawMessage, error) {
		raw, err := real(ctx, endpoint, request)
		return bytes.Replace(raw, []byte(`"_code":"Ok"`), []byte(`"_code":"OK","_msg":"fine"`), 1), err
	}
	if o := probe(t, call)["F15"]; !o.Differs() || o.Found != "_code with _msg" {
		t.Errorf("got %+v", o)
	}
	down := errors.New("no answer")
	_, err := Probe(t.Context(), func(context.Context, string, map[string]any) (json.RawMessage, error) { return nil, down }, func(Observed) {})
	if !errors.Is(err, down) || !strings.Contains(err.Error(), "scratch document") {
		t.Errorf("got %v", err)
	}
}
