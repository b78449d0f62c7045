package web

import "net/http"

func (a *api) routes(mux *http.ServeMux) {}

func (a *api) guard(h http.Handler) http.Handler { return h }
