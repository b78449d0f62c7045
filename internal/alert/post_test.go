package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// mailbox is a Post over channels that work or do not, kept as JSON as a database
// keeps it.
type mailbox struct {
	t     *testing.T
	kept  []byte
	mu    sync.Mutex
	got   []string // "webhook alarm ID"; under mu
	down  map[string]bool
	names []string
}

func (m *mailbox) open() *Post {
	m.t.Helper()
	var box Outbox
	if m.kept != nil {
		if err := json.Unmarshal(m.kept, &box); err != nil {
			m.t.Fatal(err)
		}
	}
	p := &Post{box: box, save: func(o Outbox) (err error) {
		m.kept, err = json.Marshal(o)
		return err
	}}
	for _, name := range m.names {
		c := Channel{name, func(_ context.Context, n Notice) error {
			if m.down[name] {
				return errors.New("does not answer")
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			m.got = append(m.got, fmt.Sprint(name, " ", n.Kind, " ", n.ID))
			return nil
		}}
		if name == NamePing {
			p.heartbeat = &c
		} else {
			p.channels = append(p.channels, c)
		}
	}
	p.box.keep(m.names)
	return p
}

// run delivers each minute for a time, with a restart before each.
func (m *mailbox) run(d time.Duration) {
	m.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Minute) {
		if err := m.open().Deliver(m.t.Context()); err != nil {
			m.t.Fatal(err)
		}
	}
}

func (m *mailbox) tell(n Notice) {
	m.t.Helper()
	if err := m.open().Tell([]Notice{n}); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mailbox) check(want ...string) {
	m.t.Helper()
	if !slices.Equal(m.got, want) {
		m.t.Errorf("got %q, want %q", m.got, want)
	}
	m.got = nil
}

func TestOneIncidentIsOneAlarmAndOneRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{t: t, names: []string{NameWebhook}}
		m.tell(alarm())
		m.run(5 * time.Hour)
		m.tell(recovery())
		m.run(5 * time.Hour)
		m.check("webhook alarm "+alarm().ID, "webhook recovery "+alarm().ID)
	})
}

func TestNoticeIsTriedAgainOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{t: t, names: []string{NameWebhook, NameNtfy}, down: map[string]bool{NameWebhook: true}}
		m.tell(alarm())
		m.run(3 * time.Hour)
		m.check("ntfy alarm " + alarm().ID)
		if got := m.open().Trouble(); got != "webhook: does not answer" {
			t.Errorf("trouble is %q", got)
		}
		m.down = nil
		m.run(2 * time.Hour)
		m.check("webhook alarm " + alarm().ID)
		if got := m.open().Trouble(); got != "" {
			t.Errorf("trouble is %q", got)
		}
	})
}

func TestTriesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		m := &mailbox{t: t, names: []string{NameWebhook}, down: map[string]bool{NameWebhook: true}}
		m.tell(alarm())
		for end := time.Now().Add(48 * time.Hour); time.Now().Before(end); time.Sleep(time.Minute) {
			p := m.open()
			send := p.channels[0].Send
			p.channels[0].Send = func(ctx context.Context, n Notice) error { tries++; return send(ctx, n) }
			if err := p.Deliver(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if tries != maxTries {
			t.Errorf("tried %d times", tries)
		}
		m.down = nil
		m.run(3 * time.Hour)
		m.check()
		if p := m.open(); p.Trouble() == "" || p.box.Troubles[NameWebhook].Lost != 1 || len(p.box.Items) != 0 {
			t.Errorf("got %+v", p.box)
		}
		m.tell(alarm()) // the next one clears it
		m.run(time.Minute)
		if p := m.open(); p.Trouble() != "" {
			t.Errorf("got %+v", p.box)
		}
	})
}

func TestRecoveryTakesThePlaceOfAnAlarmThatDidNotGetOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{t: t, names: []string{NameWebhook}, down: map[string]bool{NameWebhook: true}}
		m.tell(alarm())
		m.run(time.Hour)
		m.tell(recovery())
		m.down = nil
		m.run(2 * time.Hour)
		m.check("webhook recovery " + alarm().ID)
	})
}

func TestChannelThatIsNoLongerSetIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{t: t, names: []string{NameWebhook}, down: map[string]bool{NameWebhook: true}}
		m.tell(alarm())
		m.run(time.Hour)
		m.names = []string{NameNtfy}
		if p := m.open(); p.Trouble() != "" || len(p.box.Items) != 0 {
			t.Errorf("got %+v", p.box)
		}
	})
}

func TestDesktopIsOneToDoWithout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{t: t, names: []string{NameDesktop, NameNtfy}, down: map[string]bool{NameDesktop: true}}
		m.tell(alarm())
		m.run(time.Minute)
		if got := m.open().Trouble(); got != "" {
			t.Errorf("trouble is %q", got)
		}
		m.names = []string{NameDesktop}
		if got := m.open().Trouble(); !strings.HasPrefix(got, "desktop: ") {
			t.Errorf("trouble is %q", got)
		}
	})
}

func TestHeartbeatIsHourlyAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{t: t, names: []string{NamePing}}
		beat := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(30 * time.Second) {
				if err := m.open().Beat(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		beat(150 * time.Minute)
		if len(m.got) != 3 {
			t.Errorf("%d heartbeats in 2.5 hours", len(m.got))
		}
		m.got, m.down = nil, map[string]bool{NamePing: true}
		beat(time.Hour)
		if m.open().Trouble() == "" {
			t.Error("that heartbeats fail is not told")
		}
		m.down = nil
		beat(time.Minute)
		if len(m.got) != 1 || m.open().Trouble() != "" {
			t.Errorf("got %v, %q", m.got, m.open().Trouble())
		}
	})
}

func TestTestReachesEveryChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{t: t, names: []string{NameNtfy, NameCommand, NamePing}, down: map[string]bool{NameCommand: true}}
		var got []string
		for _, r := range m.open().Test(t.Context()) {
			got = append(got, fmt.Sprint(r.Channel, " ", r.Err))
		}
		if want := []string{"ntfy <nil>", "command does not answer", "ping <nil>"}; !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	})
}

// A database that takes nothing keeps no notice from being carried.
func TestNoticeIsCarriedThoughItCannotBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{t: t, names: []string{NameNtfy}}
		p := m.open()
		p.save = func(Outbox) error { return errors.New("frozen") }
		if err := p.Tell([]Notice{alarm()}); err == nil {
			t.Error("nobody hears that it was not kept")
		}
		_ = p.Deliver(t.Context())
		m.check("ntfy alarm " + alarm().ID)
	})
}
