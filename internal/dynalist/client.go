// Package dynalist is the client of the Dynalist API, and the types of its wire
// format (wire.go), which internal/server speaks too. Client is a sync.Remote.
//
// # One call
//
// A call first pays its rate buckets (limits.go) and waits until it can. Then
// it sends one POST (send.go), under a deadline for the whole and one for
// standing still. Reads are sent again, twice at most, when the connection or a
// machine in between broke down. Writes are sent once and never again, not even
// by net/http: whether to send again is for the engine to decide, who looks
// first.
//
// The answer is read up to a limit that counts after decompression, and decoded
// strictly in one pass (scan.go, decode.go): what encoding/json would mend in
// silence is refused, since it would be taken for the user's own text. Fields
// that we do not know are kept in outline.Fields.Extra.
//
// # What a failure says
//
// Every error is a *sync.Failure. Its class comes from outcome.go, which knows
// three things: whether the headers were written, the HTTP status, and whether
// the body is the service's own JSON. A request that is refused here, because
// it must never reach the service (convert.go), is Rejected with the code
// Invalid. An answer 200 to a read that cannot be understood is Partial.
//
// Failures carry no text of the outline and no token: they are written in words
// of our own. The service's message is quoted only where the request had no
// text in it.
//
// # Where it connects
//
// To the configured server only: redirects are answers like any other. The
// public service must be at a public address; plain http stays on this machine;
// certificates are always checked. A proxy comes from the environment.
//
// # Our own server
//
// It announces by header what it can do beyond the service, and only what the
// last answer announced is used, but for refusals that announce nothing. After
// a restart nothing is known until the first answer: to send a request again
// with the same bytes, make a read first and compare Server.
package dynalist

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"outlast/sync"
)

// defaultMaxAnswer is the size that an answer may always have, in bytes. A
// document that was larger before may have sizeFactor times its last size.
const (
	defaultMaxAnswer = 32 << 20
	sizeFactor       = 4
)

// Config says how to reach the service. Only Token is required.
type Config struct {
	Server string        // base address, "" for DefaultServer
	Token  func() string // asked for before each request
	// Budgets are the buckets as an earlier run left them; see Client.Budgets.
	Budgets []sync.Budget
	// Transport replaces the connection, and with it its rules for addresses,
	// proxies and certificates. A RoundTripper that does not report its steps
	// to net/http/httptrace is taken to have sent the request unless it fails
	// with a *net.OpError of Op "dial". Nil for our own.
	Transport http.RoundTripper
	UserAgent string         // "" for "outlast"
	Random    func() float64 // in [0, 1), for jitter; nil for rand.Float64

	MaxAnswer  int64 // bytes that any answer may have, decompressed; 0 for 32 MiB
	MaxChanges int   // in one request; 0 for 200
	MaxBody    int   // bytes of a request with more than one change; 0 for 256 KiB
}

// Client talks to one service with one token. Like every sync.Remote it is used
// by one goroutine.
type Client struct {
	base       *url.URL
	token      func() string
	transport  http.RoundTripper
	userAgent  string
	random     func() float64
	maxAnswer  int64
	maxChanges int
	maxBody    int

	limits *limits
	sizes  map[string]int64 // of the last answer, by request
	server features
	time   time.Time // Date of the last answer
}

var _ sync.Remote = (*Client)(nil)

// New returns a client. It connects to nothing yet. An error says what is wrong
// with the address.
func New(c Config) (*Client, error) {
	base, err := baseURL(c.Server)
	if err != nil {
		return nil, err
	}
	if c.Transport == nil {
		c.Transport = newTransport(base)
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	return &Client{
		base: base, token: c.Token, transport: c.Transport,
		userAgent: or(c.UserAgent, "outlast"), random: c.Random,
		maxAnswer: or(c.MaxAnswer, defaultMaxAnswer), maxChanges: or(c.MaxChanges, defaultMaxChanges),
		maxBody: or(c.MaxBody, defaultMaxBody),
		limits:  newLimits(c.Budgets, time.Now()), sizes: make(map[string]int64),
	}, nil
}

// or returns v, or the default for a zero v.
func or[T comparable](v, byDefault T) T {
	var zero T
	if v == zero {
		return byDefault
	}
	return v
}

// Server returns what the last answers announced, and the Date of the last one.
func (c *Client) Server() sync.ServerInfo {
	info := c.server.info()
	info.Date = c.time
	return info
}

// Budgets returns the buckets as they are now. Their names are those of Limits.
// A request has paid when its method returns, so a caller that must not lose a
// payment in a crash stores the buckets less the request before it sends.
func (c *Client) Budgets() []sync.Budget { return c.limits.state(time.Now()) }

// features is what a server said about itself by header.
type features struct {
	id     string
	names  []string
	silent bool // it announces request ids but does not echo them
}

func (f features) has(name string) bool { return slices.Contains(f.names, name) }

func (f features) info() sync.ServerInfo {
	return sync.ServerInfo{
		ID: f.id, RequestID: f.has(FeatureRequestID) && !f.silent,
		IfVersion: f.has(FeatureIfVersion), DeleteFile: f.has(FeatureDeleteFile),
		ChangesSince: f.has(FeatureChangesSince),
	}
}

// observe takes note of the headers of an answer that reads like the service's own.
// One that says no and announces nothing may come from something on the way: what was
// announced stands then, or the next edit would be sent without the checks that it had.
func (c *Client) observe(h http.Header, ok bool) {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		c.time = date
	}
	if !ok && h.Get(HeaderServer)+h.Get(HeaderFeatures)+h.Get(HeaderLimits) == "" {
		return
	}
	now := features{id: h.Get(HeaderServer), silent: c.server.silent}
	if now.id != c.server.id {
		now.silent = false
	}
	for name := range strings.SplitSeq(h.Get(HeaderFeatures), ",") {
		now.names = append(now.names, strings.TrimSpace(name))
	}
	c.server = now
	c.limits.adjust(h.Get(HeaderLimits))
}
