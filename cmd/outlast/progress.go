package main

import (
	"time"

	"github.com/schollz/progressbar/v3"

	"outlast/internal/web"
)

// bar shows the progress of a round or an import on a terminal once that takes longer than a
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
			progressbar.OptionShowBytes(p.Stage == "read"),
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
	case "read":
		return "reading files"
	case "import":
		return "adding items"
	}
	return stage
}
