package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Kinds of Notice. A recovery ends what an alarm of the same id began.
const (
	Alarm    = "alarm"
	Reminder = "reminder"
	Recovery = "recovery"
	Test     = "test"
)

// Levels of Notice.
const (
	Warning  = "warning"
	Critical = "critical"
)

// Notice is what a person is told. As JSON it is what webhooks and commands get:
// fields are only added.
type Notice struct {
	ID      string     `json:"id"`   // of the incident, the same in all its notices
	Kind    string     `json:"kind"` // alarm, reminder, recovery, test
	Cause   string     `json:"cause"`
	Side    string     `json:"side"` // whose fault: service, network, this machine, you
	State   string     `json:"state"`
	Level   string     `json:"level"`
	Title   string     `json:"title"` // one line of plain ASCII
	Text    string     `json:"text"`
	Since   time.Time  `json:"since"`
	Until   *time.Time `json:"until"` // of a recovery
	Waiting int        `json:"waiting"`
}

// envelope adds who speaks.
type envelope struct {
	Program string `json:"program"`
	Format  int    `json:"format"`
	Notice
}

func (n Notice) encode() ([]byte, error) {
	body, err := json.Marshal(envelope{"outlast", 1, n})
	if err != nil {
		return nil, fmt.Errorf("encode a notice: %w", err)
	}
	return body, nil
}

// testNotice is what `doctor --notify` sends.
func testNotice(now time.Time) Notice {
	return Notice{
		ID: "test-" + now.UTC().Format("20060102T150405Z"), Kind: Test, Cause: "test", Side: "you", State: "ok", Level: Warning,
		Title: "a test: notices of Outlast arrive here", Text: "nothing is wrong; you asked for this",
		Since: now.UTC().Truncate(time.Second),
	}
}

// Channel is one way to a person. Send waits for the receiver until ctx ends, and
// its errors hold no address and no key.
type Channel struct {
	Name string
	Send func(context.Context, Notice) error
}
