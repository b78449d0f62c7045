package main

import (
	"slices"
	"strings"

	"outlast/internal/config"
)

// inert returns the keys that somebody has set and that this version does not act
// upon: they are part of the config's format, and silence would be a promise.
func inert(s *config.Settings) ([]string, error) {
	effective := []string{
		"server", "token_command", "sync.every", "sync.retry_max", "sync.batch_max", "sync.strict",
		"guard.nodes", "guard.percent", "store.max_size",
		"import.depth", "import.nodes", "import.attribute", "import.file", "snapshots.dir", "snapshots.schedule",
		"snapshots.keep.last", "snapshots.keep.hourly", "snapshots.keep.daily",
		"snapshots.keep.weekly", "snapshots.keep.monthly", "snapshots.keep.yearly", "snapshots.drill", "log.level",
		"web.listen", "notify.desktop", "notify.command", "notify.webhook", "notify.ntfy", "notify.pagerduty_file", "notify.ping", "notify.quiet",
	}
	values, err := s.Values()
	if err != nil {
		return nil, err
	}
	keys := []string{}
	for _, v := range values {
		if v.From != "default" && !slices.Contains(effective, v.Key) &&
			!strings.HasPrefix(v.Key, "watch[") && !strings.HasPrefix(v.Key, "snapshots.copy[") {
			keys = append(keys, v.Key)
		}
	}
	return keys, nil
}
