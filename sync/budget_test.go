package sync_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// openPaying opens the installation as the program does: with the rate buckets
// that the last run wrote down.
func (c *client) openPaying(path string) {
	c.t.Helper()
	c.path = path
	db, err := store.Open(store.Options{Path: c.path, Create: true, NoSync: true})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { db.Close() })
	c.db = db
	var saved []sync.Budget
	c.view(func(tx *store.Tx) error {
		a, err := tx.Account()
		for _, b := range a.Budgets {
			saved = append(saved, sync.Budget(b))
		}
		return err
	})
	remote, err := dynalist.New(dynalist.Config{
		Server: remotetest.Address, Transport: c.service, Token: func() string { return remotetest.Token }, Budgets: saved,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.engine = sync.New(sync.Config{DB: db, Remote: remote, Server: remotetest.Address})
}

// meter notes when requests are made, and finds where there were more than the
// client's model of a bucket allows.
type meter struct{ at map[string][]time.Time }

func (m *meter) note(endpoint string) { m.noteAt(endpoint, time.Now()) }

func (m *meter) noteAt(endpoint string, at time.Time) {
	if m.at == nil {
		m.at = make(map[string][]time.Time)
	}
	m.at[endpoint] = append(m.at[endpoint], at)
}

func (m *meter) check(t *testing.T) {
	t.Helper()
	for endpoint, at := range m.at {
		limit := dynalist.Limits()[endpoint]
		perSecond := float64(limit.PerMinute) / 60
		tokens, last := float64(limit.Burst), at[0]
		for i, now := range at {
			tokens = min(float64(limit.Burst), tokens+now.Sub(last).Seconds()*perSecond) - 1
			last = now
			if tokens < -1e-6 {
				t.Errorf("%s: request %d of %d is above the model by %v", endpoint, i+1, len(at), -tokens)
				break
			}
		}
	}
}

// A program that is killed at any request, and started again at once, time after
// time, still keeps to the rate limits: what a request costs is written down
// before it is made.
func TestCrashesGiveNoBudgetBack(t *testing.T) {
	t.Parallel()
	for step := 1; step <= 10; step++ {
		round, at := sync.Round{List: step <= 5}, (step-1)%5+1
		t.Run(fmt.Sprintf("list=%v/%d", round.List, at), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := remotetest.Open(t, server.Compat)
				_, c, doc := sampleOn(t, s)
				if err := c.db.Close(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour) // all buckets are full
				c.openPaying(c.path)
				var m meter
				for life := range 45 {
					c.add(doc, "beta", fmt.Sprint("life ", life))
					next := filepath.Join(t.TempDir(), "copy.db")
					ctx, kill := context.WithCancel(t.Context())
					n := 0
					s.Faults(func(endpoint string, _ int) remotetest.Fault {
						m.note(endpoint)
						if n++; n == at {
							copyFile(t, c.path, next)
							kill()
						}
						return remotetest.None
					})
					for ctx.Err() == nil {
						if _, err := c.engine.Once(ctx, round); err != nil && ctx.Err() == nil {
							t.Fatal(err)
						}
					}
					c.openPaying(next)
				}
				m.check(t)
			})
		})
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}
