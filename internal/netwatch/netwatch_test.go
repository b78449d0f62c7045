package netwatch

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestPollTellsOfEachChangeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var mu sync.Mutex // protects the next three
		now, broken, count := "10.0.0.1/24", false, 0
		look := func() (string, error) {
			mu.Lock()
			defer mu.Unlock()
			if broken {
				return "", errors.New("cannot read")
			}
			return now, nil
		}
		done := make(chan error, 1)
		go func() { done <- poll(ctx, look, func() { mu.Lock(); count++; mu.Unlock() }) }()
		synctest.Wait()
		for _, step := range []struct {
			do   func()
			want int
		}{
			{func() {}, 0},
			{func() { now = "10.0.0.2/24" }, 1},
			{func() {}, 1},
			{func() { broken = true }, 2},
			{func() { broken = false }, 3},
		} {
			mu.Lock()
			step.do()
			mu.Unlock()
			time.Sleep(2 * interval)
			synctest.Wait()
			mu.Lock()
			if count != step.want {
				t.Errorf("%d calls, want %d", count, step.want)
			}
			mu.Unlock()
		}
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAddressesAreStable(t *testing.T) {
	a, err := addresses()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := addresses(); err != nil || a != b {
		t.Errorf("got %q, then %q, %v", a, b, err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, func() {}) }()
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
