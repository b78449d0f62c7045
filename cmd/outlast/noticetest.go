package main

import (
	"context"
	"fmt"

	"outlast/internal/web"
)

// testNotices sends a test notice by every channel of the settings.
func (c *core) testNotices(ctx context.Context) (web.NoticeTest, error) {
	res := web.NoticeTest{Channels: []web.NoticeResult{}}
	m := c.monitor
	if m == nil {
		var err error
		if m, err = c.newMonitor(); err != nil {
			return res, err
		}
	}
	for _, r := range m.post.Test(ctx) {
		line := web.NoticeResult{Channel: r.Channel}
		if r.Err != nil {
			text := r.Err.Error()
			line.Error = &text
		}
		res.Channels = append(res.Channels, line)
	}
	return res, nil
}

// tryNotices is `outlast doctor --notify`: it tells what became of a test notice by
// every channel. One that fails is exit code 1.
func (a *app) tryNotices(ctx context.Context) error {
	var res web.NoticeTest
	err := a.withDoor(ctx, func(d *door) (err error) {
		res, err = d.TestNotices(ctx)
		return err
	})
	if err != nil {
		return err
	}
	failed := 0
	for _, r := range res.Channels {
		if r.Error != nil {
			failed++
		}
	}
	if a.flags.json {
		err = a.printJSON(res)
	} else {
		a.printNotices(res)
	}
	if err == nil && failed > 0 {
		return &failure{
			code: exitError, what: fmt.Sprintf("%s of %d could not be reached", plural(failed, "channel"), len(res.Channels)),
			safe: "nothing of the outline is concerned", next: "look at the section [notify] of the config, then try again",
		}
	}
	return err
}

func (a *app) printNotices(res web.NoticeTest) {
	if len(res.Channels) == 0 {
		a.print("no channel is set: nobody is told when something goes wrong (section [notify] of the config)")
	}
	for _, r := range res.Channels {
		switch {
		case r.Error == nil:
			a.print("%-10s taken; see whether it has arrived", r.Channel)
		default:
			a.print("%-10s failed: %s", r.Channel, *r.Error)
		}
	}
}
