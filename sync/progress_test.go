package sync_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/server"
	"outlast/sync"
)

// While one document is sent, a person sees how far that is, and for how long the
// service's limits make it last.
func TestProgressWithinADocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c, doc := sample(t, server.Compat)
		for i := range 900 {
			c.add(doc, "alpha", fmt.Sprintf("item %d", i))
		}
		var seen []sync.Progress
		for range 20 {
			r, err := c.engine.Once(context.Background(), sync.Round{Progress: func(p sync.Progress) {
				if p.Stage == "push" {
					seen = append(seen, p)
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			if r.Waiting == 0 {
				break
			}
			time.Sleep(time.Minute)
		}
		if len(seen) < 5 {
			t.Fatalf("told %d times: %+v", len(seen), seen)
		}
		waiting, left := 900, 101
		for _, p := range seen {
			now := p.Total - p.Done
			if now > waiting || p.Left > left {
				t.Errorf("told %+v when %d were left", p, waiting)
			}
			waiting, left = now, p.Left
		}
		if first := seen[0]; first.Total != 900 || first.Done != 0 || first.Left < 60 || waiting != 0 || left != 0 {
			t.Errorf("began with %+v, ended with %d left", first, waiting)
		}
	})
}
