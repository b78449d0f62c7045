package simtest

import (
	"math/rand/v2"
	"strings"

	"outlast/internal/server"
	"outlast/sync/remotetest"
)

// scenario is what a seed draws before its history begins.
type scenario struct {
	profile  server.Profile
	switches server.Switches
	limits   bool
	strict   bool

	clients   int
	steps     int
	faults    float64 // of a hundred requests
	kinds     []remotetest.Kind
	strangers float64 // of a hundred edges of requests, at which a stranger writes
	race      float64 // at which the user or another client does something
	crash     float64 // of a hundred edges and commits, at which a client ends
	storage   float64 // of a hundred commits, which fail
	clocks    bool    // clocks jump while a client is not running
	restores  bool    // databases are restored and copied
	form      func(string) string
	crossing  bool // people move items to other documents
}

// Mode is how exactly an engine can know what became of its inserts.
type Mode string

// The modes.
const (
	Direct    Mode = "direct"
	Strict    Mode = "strict"
	RequestID Mode = "request-id"
)

func (s *scenario) mode() Mode {
	switch {
	case s.profile == server.Safe:
		return RequestID
	case s.strict:
		return Strict
	}
	return Direct
}

// light tells whether faults are as rare as on an ordinary day.
func (s *scenario) light() bool { return s.faults <= 2 }

// drawScenario draws a scenario. One in ten is without any fault, four have few,
// five many.
func drawScenario(rnd *rand.Rand) scenario {
	chance := func(percent int) bool { return rnd.IntN(100) < percent }
	s := scenario{
		profile: server.Compat, clients: 1 + weighted(rnd, 40, 35, 20, 5),
		steps: 8 + rnd.IntN(16), limits: chance(30),
	}
	if chance(30) {
		s.profile = server.Safe
	} else {
		s.switches = habits(rnd)
		s.strict = chance(50)
	}
	switch weighted(rnd, 10, 40, 50) {
	case 0:
		return s
	case 1:
		s.faults, s.strangers = 2, 2
	default:
		s.faults, s.strangers = 10+float64(rnd.IntN(21)), float64(rnd.IntN(21))
	}
	s.kinds = kindsFor(rnd, s.profile)
	if chance(50) {
		s.race = 10
	}
	if chance(60) {
		s.crash = 1 + float64(rnd.IntN(4))
	}
	if chance(15) {
		s.storage = 1
	}
	s.clocks, s.restores = chance(20), chance(10)
	if s.profile == server.Compat && chance(15) {
		s.form = forms()[rnd.IntN(len(forms()))]
	}
	return s
}

// pin gives a drawn scenario the faults by which a mode is judged: strict has to
// bear the worst without one copy too many, direct an ordinary day with few.
func (s *scenario) pin(as Mode, rnd *rand.Rand) {
	if s.profile == server.Safe {
		s.profile, s.switches = server.Compat, habits(rnd)
	}
	s.strict = as == Strict
	s.faults, s.strangers = 2, 2
	if s.strict {
		s.faults, s.strangers = 30, 20
	}
	s.kinds = kindsFor(rnd, s.profile)
}

// kindsFor draws which faults a network has: half of the time all, else a few,
// so that one fault can come often enough to meet itself.
func kindsFor(rnd *rand.Rand, p server.Profile) []remotetest.Kind {
	var all []remotetest.Kind
	for _, k := range remotetest.Kinds() {
		if !k.Torn || p == server.Compat {
			all = append(all, k)
		}
	}
	if rnd.IntN(2) == 0 {
		return all
	}
	var few []remotetest.Kind
	for range 1 + rnd.IntN(4) {
		few = append(few, all[rnd.IntN(len(all))])
	}
	return few
}

// habits draws what nobody knows of the service.
func habits(rnd *rand.Rand) server.Switches {
	yes := func() bool { return rnd.IntN(2) == 0 }
	errors := []server.BatchError{server.KeepPrefix, server.KeepNone, server.KeepOthers}
	sw := server.Switches{
		RenameBumps: yes(), CrossMoveFails: yes(), NoIndexFirst: yes(),
		CutToBucket: yes(), LimitKeepsPrefix: yes(),
		BatchError: errors[rnd.IntN(len(errors))],
	}
	if sw.CutToBucket && sw.LimitKeepsPrefix {
		sw.LimitKeepsPrefix = false
	}
	if yes() {
		sw.RootType = "root"
	}
	if rnd.IntN(4) == 0 {
		sw.CutAt = 3 + rnd.IntN(5)
	}
	return sw
}

// forms are what a service may make of a text (X19).
func forms() []func(string) string {
	return []func(string) string{
		func(s string) string { return strings.TrimRight(s, " ") },
		func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") },
		func(s string) string { return strings.Join(strings.Fields(s), " ") },
		func(s string) string { return strings.ReplaceAll(s, "e\u0301", "\u00e9") },
		func(s string) string { return s[:min(len(s), 60)] },
	}
}

// weighted returns an index, each as often as its weight says.
func weighted(rnd *rand.Rand, weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := rnd.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}
