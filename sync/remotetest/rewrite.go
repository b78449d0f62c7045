package remotetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"outlast/internal/dynalist"
)

// part applies some changes of a request only, and then meets a fault; with
// None it answers Ok as if nothing had been left out.
func part(choose func(j *Injector, n int) []int, f Fault) act {
	return func(j *Injector, x *exchange) (*http.Response, error) {
		q := editOf(x.body)
		if len(q.Changes) < 2 {
			return nil, nil
		}
		x.kept = choose(j, len(q.Changes))
		all := q.Changes
		q.Changes = nil
		for _, i := range x.kept {
			q.Changes = append(q.Changes, all[i])
		}
		x.body = encode(q)
		wrote(x.req)
		return spoil(f, x.req, j.serve(x))
	}
}

// prefix keeps the first changes, at least one and not all.
func prefix(j *Injector, n int) []int {
	kept := make([]int, 1+j.Rand.IntN(n-1))
	for i := range kept {
		kept[i] = i
	}
	return kept
}

// subset keeps any changes but all of them, in order.
func subset(j *Injector, n int) []int {
	out := j.Rand.IntN(n)
	kept := []int{}
	for i := range n {
		if i != out && j.Rand.IntN(2) == 0 {
			kept = append(kept, i)
		}
	}
	return kept
}

// midway puts a change into the middle that names a node that is not there:
// what stays of the rest is the service's habit.
func midway(j *Injector, x *exchange) (*http.Response, error) {
	q := editOf(x.body)
	if len(q.Changes) < 2 {
		return nil, nil
	}
	i := 1 + j.Rand.IntN(len(q.Changes)-1)
	bad := dynalist.NodeChange{Action: "delete", NodeID: "a-node-that-is-not-there"}
	q.Changes = append(q.Changes[:i:i], append([]dynalist.NodeChange{bad}, q.Changes[i:]...)...)
	x.kept = []int{} // the ids of the answer do not fit the request
	x.body = encode(q)
	wrote(x.req)
	return j.serve(x), nil
}

// reform gives each text of a request the form of the service.
func (j *Injector) reform(x *exchange, body []byte) []byte {
	if x.path != dynalist.PathDocEdit {
		return body
	}
	q := editOf(body)
	changed := false
	for i := range q.Changes {
		for _, text := range []*string{q.Changes[i].Content, q.Changes[i].Note} {
			if text == nil {
				continue
			}
			if formed := j.Form(*text); formed != *text {
				*text, changed = formed, true
			}
		}
	}
	if !changed {
		return body
	}
	j.Hit["X19 form"]++
	return encode(q)
}

// stale answers with what the document was at an earlier time.
func stale(j *Injector, x *exchange) (*http.Response, error) {
	return respoil(j, x, func(body []byte) []byte {
		key := string(x.body)
		before := j.old[key]
		j.old[key] = body
		return before
	})
}

// regress answers with a version that has been.
func regress(j *Injector, x *exchange) (*http.Response, error) {
	return reread(j, x, func(r *reading) bool {
		r.Version -= 1 + j.Rand.Int64N(5)
		return r.Version >= 0
	})
}

// short leaves one node out that another one names. One that none names, since it is
// out of reach, would not be missed by anybody.
func short(j *Injector, x *exchange) (*http.Response, error) {
	return reread(j, x, func(r *reading) bool {
		if len(r.Nodes) < 2 {
			return false
		}
		i := 1 + j.Rand.IntN(len(r.Nodes)-1)
		id := fmt.Sprint(r.Nodes[i]["id"])
		if j.short[id] || !r.names(id) {
			return false // a service that shows the same twice means it
		}
		j.short[id] = true
		r.Nodes = append(r.Nodes[:i], r.Nodes[i+1:]...)
		return true
	})
}

// childless leaves the children of the root out: all else leads nowhere. What a
// service shows a third time it means, so one version is shown so twice.
func childless(j *Injector, x *exchange) (*http.Response, error) {
	return reread(j, x, func(r *reading) bool {
		key := fmt.Sprint(r.FileID, " ", r.Version)
		for i, n := range r.Nodes {
			if n["id"] != "root" || n["children"] == nil || j.bare[key] == 2 {
				continue
			}
			j.bare[key]++
			delete(r.Nodes[i], "children")
			return true
		}
		return false
	})
}

// emptyList answers that the account has no files.
func emptyList(j *Injector, x *exchange) (*http.Response, error) {
	return respoil(j, x, func(body []byte) []byte {
		var l dynalist.FileListResponse
		if json.Unmarshal(body, &l) != nil {
			return nil
		}
		l.Files = []dynalist.File{}
		return encode(l)
	})
}

// reading is an answer to doc/read with all its fields.
type reading struct {
	Code    string           `json:"_code"`
	FileID  string           `json:"file_id"`
	Title   string           `json:"title"`
	Version int64            `json:"version"`
	Nodes   []map[string]any `json:"nodes"`
}

// names tells whether a node is the child of another.
func (r *reading) names(id string) bool {
	for _, n := range r.Nodes {
		if children, ok := n["children"].([]any); ok && slices.Contains(children, any(id)) {
			return true
		}
	}
	return false
}

// reread changes an answer to doc/read, if there is something to be changed.
func reread(j *Injector, x *exchange, change func(*reading) bool) (*http.Response, error) {
	return respoil(j, x, func(body []byte) []byte {
		var r reading
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if d.Decode(&r) != nil || r.Code != dynalist.CodeOK || !change(&r) {
			return nil
		}
		return encode(r)
	})
}

// respoil changes a true answer; nil means that there is nothing to be changed.
func respoil(j *Injector, x *exchange, change func([]byte) []byte) (*http.Response, error) {
	res := j.serve(x)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	spoiled := change(body)
	if spoiled == nil {
		return nil, nil
	}
	wrote(x.req)
	res.ContentLength = int64(len(spoiled))
	res.Header.Set("Content-Length", fmt.Sprint(len(spoiled)))
	return withBody(res, spoiled, nil), nil
}

// editOf decodes a request; what is none has no changes.
func editOf(body []byte) dynalist.DocEditRequest {
	var q dynalist.DocEditRequest
	if json.Unmarshal(body, &q) != nil {
		return dynalist.DocEditRequest{}
	}
	return q
}

func encode(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return nil
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
