package alert

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"outlast/internal/secret"
)

const jsonType = "application/json"

// webhook posts the notice as JSON.
func (c caller) webhook(to secret.Token) func(context.Context, Notice) error {
	return func(ctx context.Context, n Notice) error {
		body, err := n.encode()
		if err != nil {
			return err
		}
		return c.call(ctx, http.MethodPost, to, body, map[string]string{"Content-Type": jsonType})
	}
}

// ntfy publishes to a topic (docs.ntfy.sh/publish): the text is the body, the rest
// are headers.
func (c caller) ntfy(topic secret.Token) func(context.Context, Notice) error {
	return func(ctx context.Context, n Notice) error {
		priority, tag := "4", "warning"
		switch {
		case n.Kind == Recovery:
			priority, tag = "3", "white_check_mark"
		case n.Kind == Test:
			priority, tag = "3", "bell"
		case n.Level == Critical:
			priority, tag = "5", "rotating_light"
		}
		return c.call(ctx, http.MethodPost, topic, []byte(n.Text), map[string]string{
			"Title": "Outlast: " + n.Title, "Priority": priority, "Tags": tag, "Content-Type": "text/plain; charset=utf-8",
		})
	}
}

// pagerDutyURL takes events (developer.pagerduty.com/docs/events-api-v2).
const pagerDutyURL = "https://events.pagerduty.com/v2/enqueue"

// event is one of PagerDuty's Events API v2.
type event struct {
	RoutingKey string   `json:"routing_key"`
	Action     string   `json:"event_action"` // trigger, resolve
	DedupKey   string   `json:"dedup_key"`
	Client     string   `json:"client"`
	Payload    *payload `json:"payload,omitempty"`
}

type payload struct {
	Summary   string `json:"summary"`
	Source    string `json:"source"`
	Severity  string `json:"severity"`
	Timestamp string `json:"timestamp"`
	Component string `json:"component"`
	Class     string `json:"class"`
	Details   Notice `json:"custom_details"`
}

// pagerDuty triggers an event with an alarm and resolves it with the recovery. A
// test is resolved at once, so that it calls nobody out of bed for long. The key
// is read each time: a person may put another one there.
func (c caller) pagerDuty(url, file string) func(context.Context, Notice) error {
	return func(ctx context.Context, n Notice) error {
		to, err := secret.Parse(cmp.Or(url, pagerDutyURL))
		if err != nil {
			return err
		}
		key, err := secret.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read the routing key: %w", err)
		}
		send := func(action string) error {
			body, err := json.Marshal(newEvent(key, action, n))
			if err != nil {
				return fmt.Errorf("encode an event: %w", err)
			}
			return c.call(ctx, http.MethodPost, to, body, map[string]string{"Content-Type": jsonType})
		}
		if n.Kind == Recovery {
			return send("resolve")
		}
		if err := send("trigger"); err != nil || n.Kind != Test {
			return err
		}
		return send("resolve")
	}
}

func newEvent(key secret.Token, action string, n Notice) event {
	e := event{RoutingKey: key.Reveal(), Action: action, DedupKey: "outlast-" + n.ID, Client: "Outlast"}
	if action == "trigger" {
		e.Payload = &payload{
			Summary: "Outlast: " + n.Title, Source: "outlast", Severity: cmp.Or(n.Level, Warning),
			Timestamp: n.Since.UTC().Format(time.RFC3339), Component: n.Side, Class: n.Cause, Details: n,
		}
	}
	return e
}

// ping calls the address of a dead-man's switch. It says nothing but that it was
// called.
func (c caller) ping(to secret.Token) func(context.Context, Notice) error {
	return func(ctx context.Context, _ Notice) error {
		return c.call(ctx, http.MethodGet, to, nil, nil)
	}
}
