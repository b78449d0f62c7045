package main

import (
	"context"
	"log/slog"
	"time"

	"outlast/internal/alert"
	"outlast/internal/health"
	"outlast/store"
)

const (
	// lookEvery is how often the state is looked at where no round is. It is
	// below the gap that health takes for a sleep.
	lookEvery = 90 * time.Second
	// lookLeast lets the wake-up of a round serve instead of one of our own.
	lookLeast = 50 * time.Second
)

// monitor keeps the record of how things stand, and sees to it that a person is
// told.
type monitor struct {
	db     *store.DB
	log    *slog.Logger
	facts  func(context.Context) health.Extras
	keeper *health.Keeper
	post   *alert.Post
	rules  health.Rules
	pulse  func() string   // changes when the engine finds something new to be wrong, or right
	rounds <-chan struct{} // ready after each round; its wake-ups are ours

	verified time.Time // the last round that found everything in step
}

// newMonitor puts a monitor on the database of the core.
func (c *core) newMonitor() (*monitor, error) {
	keeper, err := health.Open(c.db)
	if err != nil {
		return nil, err
	}
	post, err := c.newPost()
	if err != nil {
		return nil, err
	}
	rules, err := c.noticeRules()
	if err != nil {
		return nil, err
	}
	return &monitor{
		db: c.db, log: c.log, facts: c.facts, keeper: keeper, post: post,
		rules: rules, pulse: c.pulse, rounds: c.afterRounds(),
	}, nil
}

// look looks once, for a command that a timer calls where no daemon runs. Nobody
// but its log hears of trouble: the state that is shown then tells it.
func (c *core) look(ctx context.Context) {
	m, err := c.newMonitor()
	if err != nil {
		c.log.Warn("state not looked at", "err", err)
		return
	}
	c.monitor = m
	m.look(ctx)
	if err := m.keeper.Close(); err != nil {
		m.log.Warn("state not written down", "err", err)
	}
}

// pulse tells in a word what the engine finds wrong.
func (c *core) pulse() string {
	s := c.engine.Status()
	word := string(s.Large)
	if t := s.Trouble; t != nil {
		word += " " + t.Kind + " " + t.Cause
	}
	return word
}

// run looks about each minute, with the wake-ups of rounds where there are any, and at
// once when one has found a change, until ctx ends.
func (m *monitor) run(ctx context.Context) error {
	for {
		pulse := m.pulse()
		m.look(ctx)
		looked := time.Now()
		for wait := true; wait; {
			select {
			case <-ctx.Done():
				if err := m.keeper.Close(); err != nil {
					m.log.Warn("state not written down", "err", err)
				}
				return ctx.Err()
			case <-m.rounds:
				wait = time.Since(looked) < lookLeast && m.pulse() == pulse
			case <-time.After(time.Until(looked.Add(lookEvery))):
				wait = false
			}
		}
	}
}

// look observes once and delivers what is due.
func (m *monitor) look(ctx context.Context) {
	synced := m.observe(ctx)
	before := m.post.Trouble()
	if err := m.post.Deliver(ctx); err != nil && ctx.Err() == nil {
		m.log.Warn("delivery of notices not written down", "err", err)
	}
	if synced.After(m.verified) {
		m.verified = synced
		if err := m.post.Beat(ctx); err != nil && ctx.Err() == nil {
			m.log.Warn("heartbeat not written down", "err", err)
		}
	}
	if now := m.post.Trouble(); now != before && now != "" {
		m.log.Warn("notice not delivered", "err", now)
	}
}

// observe takes in how things stand and what a person has to be told. Nothing that
// fails here ends more than this look. It returns when a round of this process
// last found everything in step, zero for none.
func (m *monitor) observe(ctx context.Context) time.Time {
	f, err := health.Collect(m.db, m.facts(ctx), time.Now())
	if err != nil && f.Frozen == nil {
		f.Frozen = err // a database that cannot be read is one that failed
	}
	notices, err := m.keeper.Observe(f, m.rules)
	if err != nil {
		m.log.Warn("state not written down", "err", err)
	}
	for _, n := range notices {
		m.log.Info("notice", "kind", n.Kind, "incident", n.Incident.ID, "cause", n.Incident.Cause)
	}
	if err := m.post.Tell(forAlert(notices)); err != nil {
		m.log.Warn("notices not written down", "err", err)
	}
	return f.LastSync
}

// forAlert puts what health has to tell into the words of the channels.
func forAlert(notices []health.Notice) []alert.Notice {
	var out []alert.Notice
	for _, n := range notices {
		i := n.Incident
		level := alert.Warning
		if i.Level == health.Critical {
			level = alert.Critical
		}
		out = append(out, alert.Notice{
			ID: i.ID, Kind: string(n.Kind), Cause: string(i.Cause), Side: i.Side, State: string(i.State), Level: level,
			Title: n.Title, Text: n.Text, Since: i.Since.UTC().Truncate(time.Second), Until: i.Until, Waiting: i.Waiting,
		})
	}
	return out
}
