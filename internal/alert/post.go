package alert

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// beatEvery is how far apart heartbeats are.
const beatEvery = time.Hour

// Post carries notices. Its methods may be called from any goroutine; Deliver and
// Beat from one at a time.
type Post struct {
	channels  []Channel
	heartbeat *Channel // may be nil
	save      func(Outbox) error

	mu  sync.Mutex // protects box
	box Outbox
}

// NewPost goes on with an outbox. save keeps it and may fail, for instance with a
// database that takes nothing any more: what is in memory is carried all the same.
func NewPost(s Settings, box Outbox, save func(Outbox) error) *Post {
	p := &Post{channels: s.Channels(), heartbeat: s.Heartbeat(), save: save, box: box}
	names := p.names()
	if p.heartbeat != nil {
		names = append(names, NamePing)
	}
	p.box.keep(names)
	return p
}

func (p *Post) names() (names []string) {
	for _, c := range p.channels {
		names = append(names, c.Name)
	}
	return names
}

// Tell takes notices in, to be carried by Deliver. They are kept before the first
// byte is sent.
func (p *Post) Tell(notices []Notice) error {
	if len(notices) == 0 {
		return nil
	}
	return p.change(func(o *Outbox) {
		for _, n := range notices {
			o.add(n, p.names(), time.Now())
		}
	})
}

// change changes the outbox and keeps it.
func (p *Post) change(fn func(*Outbox)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn(&p.box)
	return p.save(p.box)
}

// Deliver tries what is due, each channel beside the others, and returns when
// the slowest has ended.
func (p *Post) Deliver(ctx context.Context) error {
	p.mu.Lock()
	due := p.box.due(time.Now())
	p.mu.Unlock()
	if len(due) == 0 {
		return nil
	}
	results := make([]error, len(due))
	var wait sync.WaitGroup
	for k, item := range due {
		c := p.channel(item.Channel)
		if c == nil {
			continue // keep has seen to it that there is none
		}
		wait.Go(func() { results[k] = c.Send(ctx, item.Notice) })
	}
	wait.Wait()
	if ctx.Err() != nil {
		return ctx.Err() // nothing is known of what was stopped
	}
	return p.change(func(o *Outbox) {
		for k, item := range due {
			o.settle(item, results[k], time.Now())
		}
	})
}

func (p *Post) channel(name string) *Channel {
	for k := range p.channels {
		if p.channels[k].Name == name {
			return &p.channels[k]
		}
	}
	return nil
}

// Beat calls the dead-man's switch after a verified round, hourly. A call that
// failed is made again after a minute or more, not before the next such round.
func (p *Post) Beat(ctx context.Context) error {
	p.mu.Lock()
	now, box := time.Now(), p.box
	p.mu.Unlock()
	recent := func(t time.Time, d time.Duration) bool { return !t.After(now) && now.Sub(t) < d }
	if p.heartbeat == nil || recent(box.Beat, beatEvery) || recent(box.Call, firstPause) {
		return nil
	}
	err := p.heartbeat.Send(ctx, Notice{})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return p.change(func(o *Outbox) {
		o.Call = now.UTC()
		if err == nil {
			o.Beat = now.UTC()
		}
		o.judge(NamePing, err, now)
	})
}

// Trouble says for a person which channels do not work, "" if all do or none was
// needed yet. The desktop is one to do without where another channel is set.
func (p *Post) Trouble() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(p.box.Troubles)) {
		if name == NameDesktop && len(p.channels) > 1 {
			continue
		}
		texts = append(texts, name+": "+p.box.Troubles[name].Text)
	}
	return strings.Join(texts, "; ")
}

// Result is what became of a test by one channel.
type Result struct {
	Channel string
	Err     error // nil: the receiver took it
}

// Test sends a test notice by every channel, and a heartbeat, and waits for all.
func (p *Post) Test(ctx context.Context) []Result {
	all := p.channels
	if p.heartbeat != nil {
		all = append(slices.Clone(all), *p.heartbeat)
	}
	results := make([]Result, len(all))
	n := testNotice(time.Now())
	var wait sync.WaitGroup
	for k, c := range all {
		wait.Go(func() { results[k] = Result{c.Name, c.Send(ctx, n)} })
	}
	wait.Wait()
	_ = p.change(func(o *Outbox) { // the results are the answer, whatever can be kept
		for _, r := range results {
			o.judge(r.Channel, r.Err, time.Now())
		}
	})
	return results
}
