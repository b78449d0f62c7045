package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"outlast/internal/server"
)

// kills says how often and how a daemon is killed.
type kills struct {
	profile server.Profile
	count   int
	// drain is how long the queue may take to become empty at the end: an insert
	// whose answer was lost waits behind a fence where requests have no ids.
	drain time.Duration
}

func TestKilledDaemonLosesAndDoublesNoEdit(t *testing.T) {
	t.Parallel()
	k := kills{profile: server.Safe, count: 50, drain: 3 * time.Minute}
	if testing.Short() {
		k.count = 10
	}
	k.run(t)
}

func TestKilledDaemonOfAServiceWithoutRequestIDsLosesAndDoublesNoEdit(t *testing.T) {
	t.Parallel()
	k := kills{profile: server.Compat, count: 8, drain: 3 * time.Minute}
	if testing.Short() {
		k.count = 2
	}
	k.run(t)
}

// run kills a daemon again and again while a person edits, and looks in the end
// at what the service has: what was answered is there once, what was not is there
// once or not at all.
func (k kills) run(t *testing.T) {
	seed := killSeed(t)
	t.Logf("seed %d; OUTLAST_TEST_SEED=%d chooses the same moments", seed, seed)
	random := rand.New(rand.NewPCG(seed, 1))
	s := openKillStage(t, k.profile)
	w := newWriter(seed, s)
	tally := map[moment]int{}
	for n := range k.count {
		when := moment(random.IntN(3))
		if n == 0 {
			// Nothing waits behind a fence yet: a request is sure to come, so each
			// run has one kill at least that is worth it.
			when = beforeApply + moment(random.IntN(2))
		}
		s.startDaemon(t)
		w.repeatLost(t)
		tally[s.killWhile(t, w, random, when, n == 0)]++
	}
	killed := time.Now()
	s.startDaemon(t)
	s.drain(t, k.drain)
	t.Logf("in step %v after the last kill", time.Since(killed).Round(time.Millisecond))
	s.stopDaemon(t)
	found, err := readWorld(context.Background(), s.remote(t))
	if err != nil {
		t.Fatal(err)
	}
	w.ledger.check(t, found)
	t.Logf("%s: killed %d times (%s); %s", k.profile, k.count, tallyText(tally), w.ledger.summary())
	if tally[beforeApply]+tally[afterApply] == 0 {
		t.Error("no request was on its way when the daemon was killed: this has proven nothing")
	}
}

// killSeed is of the clock, or the one that is to be played again.
func killSeed(t *testing.T) uint64 {
	text := os.Getenv("OUTLAST_TEST_SEED")
	if text == "" {
		return uint64(time.Now().UnixNano())
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

// moment is when a daemon is killed.
type moment int

const (
	anytime     moment = iota // after an edit was answered
	beforeApply               // the service has its request and has not looked at it
	afterApply                // the service has done what it asks for and not answered
)

func tallyText(tally map[moment]int) string {
	var parts []string
	for m, name := range []string{"at any time", "with a request that had arrived", "with one that was done"} {
		parts = append(parts, fmt.Sprintf("%d %s", tally[moment(m)], name))
	}
	return strings.Join(parts, ", ")
}
