package remotetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"outlast/internal/dynalist"
)

// Injector stands between several clients and one service and lets requests
// meet faults by chance: those of Fault, and others that need a memory or change
// what is sent or answered. All chance comes from one source, so one seed makes
// one run. Like its clients it is used by one goroutine.
type Injector struct {
	*Service
	Rand *rand.Rand

	// Rate is how many of a hundred requests meet a fault, Kinds which.
	Rate  float64
	Kinds []Kind
	// Form, if not nil, is what the service makes of a text that it is given.
	Form func(string) string

	// OnSend sees a request before anything can happen to it. What it returns
	// comes back in Served each time that the service gets to see the request.
	OnSend func(client int, path string, body []byte) any
	// OnServed sees what a request did, however often and however late.
	OnServed func(Served)
	// OnAnswer sees what is answered to a client; the request is over then.
	OnAnswer func(client int, path string, status int, body []byte, err error)
	// OnEdge is called on both edges of the network. A panic in it is a client
	// that ends there.
	OnEdge func(client int, path string, e Edge)

	// Hit counts the faults that occurred, by name.
	Hit map[string]int

	due    []delivery
	sizeAt int               // bodies that are larger fail, 0 for none
	old    map[string][]byte // answers of an earlier time, by request
	short  map[string]bool   // nodes that a read has been without
	bare   map[string]int    // how often a document and version was shown without children of the root
}

// Edge is a moment in the life of a request.
type Edge int

// The edges: nothing has left yet; the service has done its part.
const (
	BeforeSend Edge = iota
	BeforeAnswer
)

// Served is a request that the service has seen.
type Served struct {
	Client  int
	Path    string
	Tag     any    // of OnSend
	Request []byte // as served
	Kept    []int  // which of its changes these are; nil for all
	Status  int
	Answer  []byte // the true one
}

// delivery is a request that arrives later.
type delivery struct {
	at time.Time
	x  *exchange
}

// exchange is one request of a client under way.
type exchange struct {
	client int
	path   string
	req    *http.Request
	body   []byte
	tag    any
	kept   []int
}

// NewInjector returns an injector that lets everything through.
func NewInjector(s *Service, rnd *rand.Rand) *Injector {
	return &Injector{
		Service: s, Rand: rnd, Hit: make(map[string]int), old: make(map[string][]byte), short: make(map[string]bool), bare: make(map[string]int),
	}
}

// Link returns the connection of a client.
func (j *Injector) Link(client int) http.RoundTripper { return link{j, client} }

type link struct {
	*Injector
	client int
}

// readAll is io.ReadAll for what is likely to be as long as it was said to be.
func readAll(r io.Reader, length int64) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 0, max(length, 0)+bytes.MinRead))
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}

// RoundTrip lets a request meet its fault, or serves it.
func (l link) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := readAll(req.Body, req.ContentLength)
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	req.Body.Close()
	x := &exchange{client: l.client, path: strings.TrimPrefix(req.URL.Path, "/api/v1/"), req: req, body: body}
	if l.OnSend != nil {
		x.tag = l.OnSend(x.client, x.path, body)
	}
	l.edge(x, BeforeSend)
	l.Deliver(time.Now())
	res, err := l.choose(x)(l.Injector, x)
	l.edge(x, BeforeAnswer)
	return l.tell(x, res, err)
}

func (j *Injector) edge(x *exchange, e Edge) {
	if j.OnEdge != nil {
		j.OnEdge(x.client, x.path, e)
	}
}

// tell hands an answer on, after OnAnswer has seen it.
func (j *Injector) tell(x *exchange, res *http.Response, err error) (*http.Response, error) {
	if j.OnAnswer == nil {
		return res, err
	}
	if err != nil {
		j.OnAnswer(x.client, x.path, 0, nil, err)
		return nil, err
	}
	body, readErr := io.ReadAll(res.Body)
	j.OnAnswer(x.client, x.path, res.StatusCode, body, readErr)
	return withBody(res, body, readErr), nil
}

// choose draws the fault of a request.
func (j *Injector) choose(x *exchange) act {
	if j.sizeAt > 0 && x.path == dynalist.PathDocEdit && len(x.body) > j.sizeAt {
		j.Hit["X7 size"]++
		return tooLarge
	}
	if j.Rand.Float64()*100 >= j.Rate {
		return pass
	}
	var possible []Kind
	for _, k := range j.Kinds {
		if k.Paths == nil || slices.Contains(k.Paths, x.path) {
			possible = append(possible, k)
		}
	}
	if len(possible) == 0 {
		return pass
	}
	k := possible[j.Rand.IntN(len(possible))]
	return func(j *Injector, x *exchange) (*http.Response, error) {
		hit := j.Hit[k.Name]
		j.Hit[k.Name]++
		res, err := k.do(j, x)
		if x.kept == nil && strings.HasPrefix(k.Name, "X4") || res == nil && err == nil {
			j.Hit[k.Name] = hit // there was nothing to spoil
		}
		if res == nil && err == nil {
			return pass(j, x)
		}
		return res, err
	}
}

// serve lets the service answer, and tells OnServed.
func (j *Injector) serve(x *exchange) *http.Response {
	body := x.body
	if j.Form != nil {
		body = j.reform(x, body)
	}
	res := j.Service.serve(x.req, body)
	if j.OnServed == nil {
		return res
	}
	text, err := readAll(res.Body, res.ContentLength)
	j.OnServed(Served{
		Client: x.client, Path: x.path, Tag: x.tag, Request: body, Kept: x.kept, Status: res.StatusCode, Answer: text,
	})
	return withBody(res, text, err)
}

// Deliver lets what is due by now arrive.
func (j *Injector) Deliver(now time.Time) {
	for len(j.due) > 0 && !j.due[0].at.After(now) {
		d := j.due[0]
		j.due = j.due[1:]
		j.serve(d.x)
	}
}

// Sleep lets time pass, in which what is under way arrives when it is due: nobody
// has to ask the service anything for that.
func (j *Injector) Sleep(d time.Duration) {
	end := time.Now().Add(d)
	for len(j.due) > 0 && !j.due[0].at.After(end) {
		time.Sleep(time.Until(j.due[0].at))
		j.Deliver(time.Now())
	}
	time.Sleep(time.Until(end))
}

// Skew sets the service's clock ahead, or back.
func (j *Injector) Skew(by time.Duration) { j.skew = by }

// Calm ends all faults. What is under way still arrives.
func (j *Injector) Calm() { j.Rate, j.sizeAt = 0, 0 }

// Due returns how many requests are still under way.
func (j *Injector) Due() int { return len(j.due) }

// later lets a request arrive after d. It is detached from its client.
func (j *Injector) later(x *exchange, d time.Duration) {
	copied := *x
	copied.req = x.req.Clone(context.WithoutCancel(x.req.Context()))
	i := len(j.due)
	at := time.Now().Add(d)
	for i > 0 && j.due[i-1].at.After(at) {
		i--
	}
	j.due = slices.Insert(j.due, i, delivery{at, &copied})
}

// Direct makes a request that meets no fault, in the name of a client.
func (j *Injector) Direct(client int, path string, q any) (status int, body []byte) {
	req, err := http.NewRequest(http.MethodPost, Address+path, http.NoBody)
	if err != nil {
		return 0, nil
	}
	x := &exchange{client: client, path: path, req: req, body: encode(q)}
	res := j.serve(x)
	body, err = readAll(res.Body, res.ContentLength)
	if err != nil {
		return 0, nil
	}
	return res.StatusCode, body
}
