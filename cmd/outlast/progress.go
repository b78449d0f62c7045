package main

import (
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"outlast/internal/web"
)

// bar shows the progress of a round or an import on a terminal once that takes
// longer than a second; anywhere else it shows nothing.
type bar struct {
	a *app

	mu    sync.Mutex // a timer shows the first one
	began time.Time
	first *time.Timer
	at    web.Progress
	shown *progressbar.ProgressBar
	stage string
}

func (a *app) newBar() *bar { return &bar{a: a, began: time.Now()} }

// show is told how far a round is.
func (b *bar) show(p web.Progress) {
	if b.a.flags.quiet || !isTerminal(b.a.err) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = p
	switch left := time.Second - time.Since(b.began); {
	case left <= 0:
		b.draw()
	case b.first == nil: // the next news may be a minute away, behind a rate limit
		b.first = time.AfterFunc(left, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.first != nil {
				b.draw()
			}
		})
	}
}

func (b *bar) draw() {
	if b.shown == nil || b.stage != b.at.Stage {
		b.clear()
		b.stage = b.at.Stage
		b.shown = progressbar.NewOptions(b.at.Total,
			progressbar.OptionSetWriter(b.a.err),
			progressbar.OptionShowCount(),
			progressbar.OptionShowBytes(b.stage == "read"),
			progressbar.OptionSetPredictTime(b.stage != "push"), // it begins with a burst: that predicts nothing
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	text := stageText(b.stage)
	if b.at.Left > 0 {
		text += ", " + span(time.Duration(b.at.Left)*time.Second) + " left"
	}
	b.shown.Describe(text)
	b.shown.ChangeMax(b.at.Total)
	_ = b.shown.Set(b.at.Done) // a terminal that went away stops no round
}

// done takes the bar off the terminal.
func (b *bar) done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.first != nil {
		b.first.Stop()
		b.first = nil
	}
	b.clear()
}

func (b *bar) clear() {
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
