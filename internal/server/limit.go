package server

import (
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"outlast/internal/dynalist"
)

// limitGuess is the bucket, per address, of requests with a wrong token.
const limitGuess = "guess"

// documentedLimits are the service's buckets as documented; the client keeps
// to the stricter of two sources, see dynalist.Limits. Those of preferences and
// wrong tokens are ours.
func documentedLimits() map[string]dynalist.Limit {
	return map[string]dynalist.Limit{
		dynalist.PathFileList: {PerMinute: 6, Burst: 10},
		dynalist.PathFileEdit: {PerMinute: 60, Burst: 50},
		dynalist.PathDocRead:  {PerMinute: 30, Burst: 100},
		dynalist.PathDocCheck: {PerMinute: 60, Burst: 50},
		dynalist.PathDocEdit:  {PerMinute: 60, Burst: 20},
		dynalist.ChangesLimit: {PerMinute: 240, Burst: 500},
		dynalist.PathInboxAdd: {PerMinute: 60, Burst: 20},
		dynalist.PathPrefGet:  {PerMinute: 6, Burst: 5},
		dynalist.PathPrefSet:  {PerMinute: 6, Burst: 5},
		limitGuess:            {PerMinute: 30, Burst: 30},
	}
}

// limiter holds the token buckets, one per key and name. nil allows all.
type limiter struct {
	table   map[string]dynalist.Limit
	penalty time.Duration

	mu      sync.Mutex // protects buckets
	buckets map[bucketKey]*tokenBucket
}

type bucketKey struct{ key, name string }

type tokenBucket struct {
	*rate.Limiter
	closed time.Time // refuses all until then
}

// maxBuckets bounds the memory that strangers can take.
const maxBuckets = 4096

func newLimiter(cfg Config) *limiter {
	if !cfg.Limits {
		return nil
	}
	return &limiter{
		table: documentedLimits(), penalty: cfg.penalty(),
		buckets: map[bucketKey]*tokenBucket{},
	}
}

// allow takes n tokens from a bucket if it holds as many. If not, the bucket
// also stays closed for the penalty.
func (l *limiter) allow(key, name string, n int) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b, now := l.bucket(key, name), time.Now()
	if now.Before(b.closed) {
		return false
	}
	if !b.AllowN(now, n) {
		b.closed = now.Add(l.penalty)
		return false
	}
	return true
}

// upTo takes n tokens or as many as there are, and returns how many.
func (l *limiter) upTo(key, name string, n int) int {
	if l == nil {
		return n
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b, now := l.bucket(key, name), time.Now()
	n = max(0, min(n, int(b.TokensAt(now))))
	b.AllowN(now, n)
	return n
}

func (l *limiter) bucket(key, name string) *tokenBucket {
	k := bucketKey{key, name}
	b := l.buckets[k]
	if b == nil {
		l.sweep()
		limit := l.table[name]
		b = &tokenBucket{Limiter: rate.NewLimiter(rate.Limit(limit.PerMinute)/60, limit.Burst)}
		l.buckets[k] = b
	}
	return b
}

// sweep forgets full buckets, which are like new ones.
func (l *limiter) sweep() {
	if len(l.buckets) < maxBuckets {
		return
	}
	now := time.Now()
	for k, b := range l.buckets {
		if int(b.TokensAt(now)) >= b.Burst() && now.After(b.closed) {
			delete(l.buckets, k)
		}
	}
}

// hostOf returns the address without its port.
func hostOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}
