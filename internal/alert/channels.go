package alert

import (
	"net/http"

	"github.com/gen2brain/beeep"

	"outlast/internal/secret"
)

// Names of the channels, as the keys of the settings.
const (
	NameDesktop   = "desktop"
	NameCommand   = "command"
	NameWebhook   = "webhook"
	NameNtfy      = "ntfy"
	NamePagerDuty = "pagerduty"
	NamePing      = "ping"
)

// Settings say which channels there are. Zero fields are not used.
type Settings struct {
	Desktop   bool
	Command   string // run by the shell, with the notice as JSON on its input
	Webhook   secret.Token
	Ntfy      secret.Token
	PagerDuty string // path of a private file with a routing key
	Ping      secret.Token

	PagerDutyURL string            // "" for the service of that name
	Transport    http.RoundTripper // nil for the network
}

// Channels returns those that are set, the heartbeat left out.
func (s Settings) Channels() []Channel {
	c := newCaller(s.Transport)
	var all []Channel
	if s.Desktop {
		beeep.AppName = "Outlast" // before its first use; the library has no other way
		all = append(all, Channel{NameDesktop, desktop})
	}
	if s.Command != "" {
		all = append(all, Channel{NameCommand, command(s.Command)})
	}
	if !s.Webhook.IsZero() {
		all = append(all, Channel{NameWebhook, c.webhook(s.Webhook)})
	}
	if !s.Ntfy.IsZero() {
		all = append(all, Channel{NameNtfy, c.ntfy(s.Ntfy)})
	}
	if s.PagerDuty != "" {
		all = append(all, Channel{NamePagerDuty, c.pagerDuty(s.PagerDutyURL, s.PagerDuty)})
	}
	return all
}

// Heartbeat returns the call of the dead-man's switch, nil if none is set.
func (s Settings) Heartbeat() *Channel {
	if s.Ping.IsZero() {
		return nil
	}
	return &Channel{NamePing, newCaller(s.Transport).ping(s.Ping)}
}
