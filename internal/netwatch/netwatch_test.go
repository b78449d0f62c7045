package netwatch

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPollTellsOfEachChangeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		now, broken, count := "10.0.0.1/24", false, 0
		look := func() (string, error) {
			if broken {
				return "", errors.New("cannot read")
			}
			return now, nil
		}
		done := make(chan error, 1)
		go func() { done <- poll(ctx, look, func() { count++ }) }()
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
			step.do()
			time.Sleep(2 * interval)
			synctest.Wait()
			if count != step.want {
				t.Errorf("%d calls, want %d", count, step.want)
			}
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
