package dynalist

import (
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"outlast/sync"
)

const (
	// tooManyHold is how long an endpoint rests after TooManyRequests, which
	// the service sends without Retry-After: it was seen to recover in 45-50 s.
	tooManyHold = 50 * time.Second
	// maxRetryAfter caps what a server can ask for: answers with 55,660 hours
	// have been seen.
	maxRetryAfter = 15 * time.Minute
	// maxLimit bounds the numbers of a server's own limits.
	maxLimit = 1_000_000
)

// limits are the rate buckets, by the names in Limits. A bucket that is held
// owes tokens: it is below zero until the hold is over.
type limits struct {
	buckets map[string]*bucket
	names   []string // of them, sorted
	header  string   // the server's own limits as last applied
	heard   bool     // the server has said what it has, in this run
}

type bucket struct {
	*rate.Limiter
	off bool // the server has no such limit; what is owed still counts
}

// newLimits takes up the buckets where an earlier run left them, with the limits
// that the server had announced until it says something else. A bucket never
// starts above what its model allows for the time between, whatever the clock
// did meanwhile.
func newLimits(saved []sync.Budget, now time.Time) *limits {
	l := &limits{buckets: make(map[string]*bucket)}
	for name, limit := range Limits() {
		l.buckets[name] = &bucket{Limiter: rate.NewLimiter(perSecond(limit), limit.Burst)}
	}
	l.names = slices.Sorted(maps.Keys(l.buckets))
	for _, s := range saved {
		if b := l.buckets[s.Name]; b != nil {
			b.restore(s, now)
		}
	}
	return l
}

func perSecond(l Limit) rate.Limit { return rate.Limit(float64(l.PerMinute) / 60) }

func (b *bucket) restore(s sync.Budget, now time.Time) {
	if said := (Limit{s.PerMinute, s.Burst}); said.sane() {
		b.set(said, s.Off)
	}
	s.PerMinute, s.Burst = b.limit().PerMinute, b.Burst()
	if math.IsNaN(s.Tokens) {
		s.Tokens = 0
	}
	// No hold is longer, so a lower number is damage.
	b.lower(max(s.Restored(now), -maxRetryAfter.Seconds()*float64(b.Limit())), now)
}

// lower takes tokens out until no more than these are left.
func (b *bucket) lower(tokens float64, now time.Time) {
	surplus := b.TokensAt(now) - tokens
	if surplus <= 0 {
		return
	}
	// The limiter counts whole tokens. Taking them a moment ago gives the part
	// of a token back that would be too much.
	whole := math.Ceil(surplus)
	past := time.Duration((whole - surplus) / float64(b.Limit()) * float64(time.Second))
	for n := int(whole); n > 0; n -= b.Burst() {
		b.ReserveN(now.Add(-past), min(n, b.Burst()))
	}
}

// fits tells whether n at once can ever pass.
func (l *limits) fits(name string, n int) bool {
	b := l.buckets[name]
	return b.off || n <= b.Burst()
}

// wait takes n tokens, as soon as they are there.
func (l *limits) wait(ctx context.Context, name string, n int) error {
	b := l.buckets[name]
	if b.off && b.Tokens() >= 0 {
		return ctx.Err()
	}
	if err := b.WaitN(ctx, min(n, b.Burst())); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return context.DeadlineExceeded // the limiter sees it coming
	}
	return nil
}

// hold lets nothing through for d. The service does not say which of its two
// buckets for doc/edit ran dry, so ours for changes begins again at nothing.
func (l *limits) hold(name string, d time.Duration, now time.Time) {
	b := l.buckets[name]
	b.lower(1-d.Seconds()*float64(b.Limit()), now)
	if name == PathDocEdit {
		l.buckets[ChangesLimit].lower(0, now)
	}
}

// adjust follows the limits that a server announced, "" for none of its own.
func (l *limits) adjust(header string) {
	if header == l.header && l.heard {
		return
	}
	l.header, l.heard = header, true
	for name, limit := range Limits() {
		l.buckets[name].set(limit, header == "off")
	}
	for entry := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(entry), "=")
		b := l.buckets[name]
		if b == nil {
			continue
		}
		if value == "off" {
			b.off = true
		} else if limit, ok := parseLimit(value); ok {
			b.set(limit, false)
		}
	}
}

func (b *bucket) set(l Limit, off bool) {
	b.SetLimit(perSecond(l))
	b.SetBurst(l.Burst)
	b.off = off
}

// parseLimit reads "perMinute/burst".
func parseLimit(s string) (Limit, bool) {
	perMinute, burst, _ := strings.Cut(s, "/")
	p, err1 := strconv.Atoi(perMinute)
	n, err2 := strconv.Atoi(burst)
	l := Limit{PerMinute: p, Burst: n}
	return l, err1 == nil && err2 == nil && l.sane()
}

func (l Limit) sane() bool {
	return 0 < l.PerMinute && l.PerMinute <= maxLimit && 0 < l.Burst && l.Burst <= maxLimit
}

func (b *bucket) limit() Limit {
	return Limit{PerMinute: int(math.Round(float64(b.Limit()) * 60)), Burst: b.Burst()}
}

// state returns the buckets as they are now, by name.
func (l *limits) state(now time.Time) []sync.Budget {
	budgets := make([]sync.Budget, 0, len(l.buckets))
	for _, name := range l.names {
		b := l.buckets[name]
		limit := b.limit()
		budgets = append(budgets, sync.Budget{
			Name: name, Tokens: b.TokensAt(now), At: now.Round(0),
			PerMinute: limit.PerMinute, Burst: limit.Burst, Off: b.off,
		})
	}
	return budgets
}

// charge takes what a request costs.
func (l *limits) charge(ctx context.Context, r request) error {
	if err := l.wait(ctx, r.path, 1); err != nil || r.changes() == 0 {
		return err
	}
	return l.wait(ctx, ChangesLimit, r.changes())
}
