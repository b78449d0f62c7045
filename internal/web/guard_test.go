package web

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

func TestGuardTurnsAwayWhatOnlyABrowserSends(t *testing.T) {
	w := newWorld(t)
	rt := w.rt
	for name, c := range map[string]struct {
		method, host, path, kind string
		header                   [2]string
		want                     int
	}{
		"good":            {"POST", Host, "/api/hello", jsonType, [2]string{}, 200},
		"charset":         {"POST", Host, "/api/hello", jsonType + "; charset=utf-8", [2]string{}, 200},
		"rebound host":    {"POST", "evil.example", "/api/hello", jsonType, [2]string{}, 421},
		"host and port":   {"POST", Host + ":80", "/api/hello", jsonType, [2]string{}, 421},
		"get":             {"GET", Host, "/api/hello", "", [2]string{}, 405},
		"preflight":       {"OPTIONS", Host, "/api/rm", "", [2]string{}, 405},
		"simple type":     {"POST", Host, "/api/rm", "text/plain", [2]string{}, 415},
		"form":            {"POST", Host, "/api/import", "multipart/form-data; boundary=x", [2]string{}, 415},
		"no type":         {"POST", Host, "/api/rm", "", [2]string{}, 415},
		"origin":          {"POST", Host, "/api/hello", jsonType, [2]string{"Origin", "http://outlast"}, 403},
		"fetch site":      {"POST", Host, "/api/hello", jsonType, [2]string{"Sec-Fetch-Site", "same-site"}, 403},
		"unknown call":    {"POST", Host, "/api/nothing", jsonType, [2]string{}, 404},
		"unknown, rebind": {"POST", "evil.example", "/nothing", jsonType, [2]string{}, 421},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequest(c.method, "http://"+c.host+c.path, bytes.NewReader([]byte("{}")))
			if err != nil {
				t.Fatal(err)
			}
			if c.kind != "" {
				req.Header.Set("Content-Type", c.kind)
			}
			if c.header[0] != "" {
				req.Header.Set(c.header[0], c.header[1])
			}
			res, err := rt.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != c.want || !json.Valid(body) {
				t.Errorf("got %d %s (%v), want %d", res.StatusCode, body, err, c.want)
			}
			for name := range res.Header {
				if len(name) > 13 && name[:13] == "Access-Contro" {
					t.Errorf("answer allows other origins: %s", name)
				}
			}
		})
	}
}

func TestRequestWithUnknownFieldIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{`{"nmae":"x"}`, `{"name":"x"} {"name":"y"}`, `[]`, ``, `{"name":1}`} {
		res, err := w.post(t.Context(), "resolve", jsonType, bytes.NewReader([]byte(body)))
		if err == nil {
			res.Body.Close()
			t.Errorf("%q was accepted", body)
			continue
		}
		if e := err.(*Error); e.Code != "invalid" {
			t.Errorf("%q: code %s", body, e.Code)
		}
	}
}
