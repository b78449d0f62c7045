package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"outlast/internal/alert"
	"outlast/internal/config"
	"outlast/internal/health"
	"outlast/internal/secret"
	"outlast/store"
)

// alertsName is where the database keeps notices on their way.
const alertsName = "alerts"

// newPost returns the post of the settings, which goes on where the last run ended.
func (c *core) newPost() (*alert.Post, error) {
	settings, err := c.alertSettings()
	if err != nil {
		return nil, err
	}
	box, err := readOutbox(c.db)
	if err != nil {
		return nil, err
	}
	settings.Transport = c.hooks
	return alert.NewPost(settings, box, c.keepOutbox), nil
}

// alertSettings returns the channels of the settings.
func (s setup) alertSettings() (alert.Settings, error) {
	n := s.settings.Notify
	// A run that shall leave the screen alone, such as a test, says so.
	a := alert.Settings{Desktop: n.Desktop && os.Getenv("OUTLAST_DESKTOP") != "off", Command: n.Command}
	for _, hook := range []struct {
		key  string
		text config.Hook
		to   *secret.Token
	}{{"webhook", n.Webhook, &a.Webhook}, {"ntfy", n.Ntfy, &a.Ntfy}, {"ping", n.Ping, &a.Ping}} {
		if hook.text == "" {
			continue
		}
		token, err := secret.Parse(string(hook.text))
		if err != nil {
			return a, usage("write the whole address on one line", "notify.%s holds a space or a character that does not print", hook.key)
		}
		*hook.to = token
	}
	if n.PagerdutyFile != "" {
		file, err := n.PagerdutyFile.Abs()
		if err != nil {
			return a, err
		}
		a.PagerDuty = file
	}
	return a, nil
}

// noticeRules returns when a person wants no notices.
func (s setup) noticeRules() (health.Rules, error) {
	hours, set, err := s.settings.Notify.QuietHours()
	if err != nil || !set {
		return health.Rules{}, err
	}
	return health.Rules{Quiet: func(now time.Time) bool { return hours.Hold(now.Local()) }}, nil
}

func readOutbox(db *store.DB) (box alert.Outbox, err error) {
	err = db.View(func(tx *store.Tx) error {
		text, err := tx.Cursor(alertsName)
		if err != nil || text == nil {
			return err
		}
		return json.Unmarshal(text, &box)
	})
	if err != nil {
		return box, fmt.Errorf("read the notices on their way: %w", err)
	}
	return box, nil
}

func (c *core) keepOutbox(box alert.Outbox) error {
	text, err := json.Marshal(box)
	if err != nil {
		return fmt.Errorf("encode notices: %w", err)
	}
	return c.db.Update(func(tx *store.Tx) error { return tx.PutCursor(alertsName, text) })
}

// alertTrouble says which channels do not work, "" if all do.
func (c *core) alertTrouble() string {
	if c.monitor != nil {
		return c.monitor.post.Trouble()
	}
	post, err := c.newPost()
	if err != nil {
		return err.Error()
	}
	return post.Trouble()
}
