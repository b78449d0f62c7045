package server

import (
	"net"
	"net/http"
	"strings"

	"outlast/internal/dynalist"
)

// guard lets only requests pass that name this server in their Host header. A
// web page that makes its own name point here (DNS rebinding) sends that name.
func (s *Server) guard(addr string, next http.Handler) http.Handler {
	names := hostNames(addr, s.cfg.Hosts)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !names[strings.ToLower(r.Host)] {
			no := &refusal{status: http.StatusMisdirectedRequest, code: dynalist.CodeInvalid, msg: "this server does not go by that name"}
			no.answer().send(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostNames are the names of a listener, each with its port.
func hostNames(addr string, more []string) map[string]bool {
	names := map[string]bool{strings.ToLower(addr): true}
	for _, name := range more {
		names[strings.ToLower(name)] = true
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return names
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		for _, name := range []string{"127.0.0.1", "localhost", "::1"} {
			names[net.JoinHostPort(name, port)] = true
		}
	}
	return names
}
