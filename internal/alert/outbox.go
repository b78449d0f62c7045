package alert

import (
	"slices"
	"time"
)

// Outbox is what is to be told and what failed. It is plain data, kept as JSON by
// the owner of a Post. It holds no secret.
type Outbox struct {
	Items    []Item             `json:"items"`
	Troubles map[string]Trouble `json:"troubles"` // by channel, until it works again

	Beat time.Time `json:"beat,omitzero"` // last heartbeat that was taken
	Call time.Time `json:"call,omitzero"` // last that was tried
}

// Item is a notice on its way by one channel.
type Item struct {
	Channel string    `json:"channel"`
	Notice  Notice    `json:"notice"`
	Tries   int       `json:"tries"`
	At      time.Time `json:"at"` // next try
}

// Trouble is a channel that does not work.
type Trouble struct {
	Text  string    `json:"text"`
	Since time.Time `json:"since"`
	Lost  int       `json:"lost"` // notices that were given up
}

// A notice is tried after 1, 2, 4, ... minutes, each hour in the end, for about
// ten hours in all. Then it is given up; the state stays.
const (
	firstPause = time.Minute
	lastPause  = time.Hour
	maxTries   = 15
	maxItems   = 100
)

// add puts a notice in for each channel. A recovery takes the place of what has
// not got out before it.
func (o *Outbox) add(n Notice, channels []string, now time.Time) {
	for _, name := range channels {
		if n.Kind == Recovery {
			o.Items = slices.DeleteFunc(o.Items, func(i Item) bool { return i.Channel == name && i.Notice.ID == n.ID })
		}
		o.Items = append(o.Items, Item{Channel: name, Notice: n, At: now.UTC()})
	}
	if extra := len(o.Items) - maxItems; extra > 0 {
		o.Items = slices.Delete(o.Items, 0, extra)
	}
}

// keep forgets channels that are not set any more.
func (o *Outbox) keep(channels []string) {
	o.Items = slices.DeleteFunc(o.Items, func(i Item) bool { return !slices.Contains(channels, i.Channel) })
	for name := range o.Troubles {
		if !slices.Contains(channels, name) {
			delete(o.Troubles, name)
		}
	}
}

// due returns the first item of each channel, if its time has come: what was said
// first arrives first.
func (o *Outbox) due(now time.Time) (items []Item) {
	seen := make(map[string]bool)
	for _, i := range o.Items {
		if !seen[i.Channel] && (!i.At.After(now) || i.At.Sub(now) > lastPause) { // further ahead: the clock was set back
			items = append(items, i)
		}
		seen[i.Channel] = true
	}
	return items
}

// settle notes what became of an item.
func (o *Outbox) settle(done Item, err error, now time.Time) {
	o.judge(done.Channel, err, now)
	k := slices.IndexFunc(o.Items, func(i Item) bool {
		return i.Channel == done.Channel && i.Notice.ID == done.Notice.ID && i.Notice.Kind == done.Notice.Kind
	})
	if k < 0 {
		return // a recovery has taken its place
	}
	i := &o.Items[k]
	i.Tries++
	switch {
	case err == nil:
		o.Items = slices.Delete(o.Items, k, k+1)
	case i.Tries >= maxTries:
		t := o.Troubles[done.Channel]
		t.Lost++
		o.Troubles[done.Channel] = t
		o.Items = slices.Delete(o.Items, k, k+1)
	default:
		i.At = now.Add(pause(i.Tries)).UTC()
	}
}

// judge notes whether a channel works.
func (o *Outbox) judge(channel string, err error, now time.Time) {
	if err == nil {
		delete(o.Troubles, channel)
		return
	}
	if o.Troubles == nil {
		o.Troubles = make(map[string]Trouble)
	}
	t, known := o.Troubles[channel]
	if !known {
		t.Since = now.UTC()
	}
	t.Text = err.Error()
	o.Troubles[channel] = t
}

func pause(tries int) time.Duration { return min(lastPause, firstPause<<min(tries-1, 10)) }
