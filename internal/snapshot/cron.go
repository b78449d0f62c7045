package snapshot

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// ParseSchedule reads a schedule of five fields as cron has them (minute, hour,
// day, month, weekday from Sunday as 0) or a word like @daily, and returns what
// gives the first time of it after another: on the clock of that one's zone, zero
// when there is none within five years. A time that a change of clocks skips is
// passed over.
func ParseSchedule(text string) (next func(time.Time) time.Time, err error) {
	if strings.Contains(text, "=") {
		// The parser takes a zone in front, and falls over one without a schedule.
		return nil, errors.New("parse schedule: it goes by the local clock, a zone cannot be given")
	}
	fields := cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor
	s, err := cron.NewParser(fields).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse schedule: %w", err)
	}
	return s.Next, nil
}
