package main

import (
	"time"

	"github.com/schollz/progressbar/v3"

	"outlast/internal/web"
)

// bar shows the progress of a round on a terminal once that takes longer than a
// second; anywhere else it shows nothing.
type bar struct {
	a     *app
	began time.Time
	shown *progressbar.ProgressBar
	stage string
}

func (a *app) newBar() *bar { return &bar{a: a, began: time.Now()} }

// show is told how far a round is.
func (b *bar) show(p web.Progress) {
	if b.a.flags.quiet || !isTerminal(b.a.err) || time.Since(b.began) < time.Second {
		return
	}
	if b.shown == nil || b.stage != p.Stage {
		b.done()
		b.stage = p.Stage
		b.shown = progressbar.NewOptions(p.Total,
			progressbar.OptionSetWriter(b.a.err),
			progressbar.OptionSetDescription(stageText(p.Stage)),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	b.shown.ChangeMax(p.Total)
	_ = b.shown.Set(p.Done) // a terminal that went away stops no round
}

// done takes the bar off the terminal.
func (b *bar) done() {
	if b.shown != nil {
		_ = b.shown.Clear()
		b.shown = nil
	}
}

func stageText(stage string) string {
	switch stage {
	case "list":
		return "list of documents"
	case "pull":
		return "reading documents"
	case "push":
		return "sending changes"
	case "verify":
		return "reading back"
	}
	return stage
}

// while shows on a terminal that something goes on whose end is not known, once
// it takes longer than a second.
func (a *app) while(what string, do func()) {
	if a.flags.quiet || !isTerminal(a.err) {
		do()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	var shown *progressbar.ProgressBar
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-done:
			if shown != nil {
				_ = shown.Clear() // a terminal that went away stops nothing
			}
			return
		case <-tick.C:
			if shown == nil {
				shown = progressbar.NewOptions(-1, progressbar.OptionSetWriter(a.err),
					progressbar.OptionSetDescription(what), progressbar.OptionSetElapsedTime(true))
			}
			_ = shown.Add(1)
		}
	}
}
