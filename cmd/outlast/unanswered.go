package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"outlast/internal/alert"
	"outlast/internal/atomicfile"
	"outlast/internal/health"
	"outlast/internal/osservice"
	"outlast/store"
)

// unanswered is what is remembered while the state cannot be told: a daemon that
// hangs holds the database, and one that is damaged does not open, so neither can
// hold this. It lies in a file of its own.
type unanswered struct {
	Since  time.Time    `json:"since"`           // first check that could not tell
	Told   time.Time    `json:"told,omitzero"`   // last notice
	Outbox alert.Outbox `json:"outbox,omitzero"` // notices that did not get out
}

const (
	// patient is how long the state cannot be told until a person is: a daemon may
	// be about to start, or compact its database.
	patient = 10 * time.Minute
	// toldAgain is how far apart such notices are.
	toldAgain = 24 * time.Hour
)

func (s setup) unansweredFile() string { return filepath.Join(s.home.StateDir, "unanswered.json") }

// readUnanswered returns what is remembered, the zero value for nothing. What cannot
// be read is begun anew.
func (s setup) readUnanswered() (u unanswered) {
	text, err := os.ReadFile(s.unansweredFile())
	if err != nil || json.Unmarshal(text, &u) != nil {
		return unanswered{}
	}
	return u
}

func (s setup) keepUnanswered(u unanswered) error {
	text, err := json.Marshal(u)
	if err != nil {
		return err
	}
	return errors.Join(atomicfile.MkdirAll(s.home.StateDir), atomicfile.Write(s.unansweredFile(), text, 0o600))
}

// noAnswer notes that a check could not tell the state, and why; a person is told when
// that lasts. Without a service and without a daemon nobody waits for an answer.
func (a *app) noAnswer(ctx context.Context, s setup, why error) {
	if !errors.Is(why, store.ErrLocked) && !osservice.Installed(serviceName(s.home)) {
		return
	}
	u, now := s.readUnanswered(), time.Now()
	if u.Since.IsZero() || u.Since.After(now) {
		u = unanswered{Since: now}
	}
	rules, err := s.noticeRules()
	quiet := err == nil && rules.Quiet != nil && rules.Quiet(now)
	var notices []alert.Notice
	if age := now.Sub(u.Told); now.Sub(u.Since) >= patient && !quiet && (age >= toldAgain || age < 0) {
		notices = append(notices, forAlert([]health.Notice{health.Unanswered(u.Since, nil, now)})...)
		u.Told = now
	}
	if err := s.sendUnanswered(ctx, &u, notices); err != nil {
		a.say("note: a notice could not be sent: %v", err)
	}
}

// answered tells a person that the state can be told again, if they were told that it
// could not.
func (a *app) answered(ctx context.Context, s setup) {
	u, now := s.readUnanswered(), time.Now()
	if u.Since.IsZero() {
		return
	}
	var notices []alert.Notice
	if !u.Told.IsZero() {
		notices = forAlert([]health.Notice{health.Unanswered(u.Since, &now, now)})
	}
	err := s.sendUnanswered(ctx, &u, notices)
	if err == nil && len(u.Outbox.Items) == 0 {
		err = os.Remove(s.unansweredFile())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.say("note: a notice could not be sent: %v", err)
	}
}

// sendUnanswered carries notices, and those that did not get out before.
func (s setup) sendUnanswered(ctx context.Context, u *unanswered, notices []alert.Notice) error {
	settings, err := s.alertSettings()
	if err != nil {
		return err
	}
	post := alert.NewPost(settings, u.Outbox, func(box alert.Outbox) error {
		u.Outbox = box
		return s.keepUnanswered(*u)
	})
	return errors.Join(s.keepUnanswered(*u), post.Tell(notices), post.Deliver(ctx))
}
