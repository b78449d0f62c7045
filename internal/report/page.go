package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"outlast/internal/health"
)

//go:embed page.html
var pageSource string

// Page writes the month as one page of HTML that needs no other file and no script.
// What it shows is escaped by html/template.
func (m Month) Page(w io.Writer) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"clock":  func(t time.Time) string { return t.Local().Format("2006-01-02 15:04") },
		"lasts":  func(i health.Incident) string { return lasted(i, m.To) },
		"title":  health.Title,
		"length": seconds,
	}).Parse(pageSource)
	if err != nil {
		return fmt.Errorf("read the page of the report: %w", err)
	}
	view := struct {
		Month
		SmallText, LargeText  string
		Edits, Rounds, Proofs string
		Graphs                []graph
	}{
		Month: m, SmallText: m.Small.percent(), LargeText: m.Large.percent(),
		Edits: m.edits(), Rounds: m.rounds(), Proofs: m.proofs(), Graphs: m.graphs(),
	}
	if err := t.Execute(w, view); err != nil {
		return fmt.Errorf("write the page of the report: %w", err)
	}
	return nil
}

// graph is a row of bars, one a day, in the room of a whole month. Beside it stands
// the same as a table.
type graph struct {
	Title string
	Width int
	Bars  []bar
	Least string // what the bottom and the top stand for
	Most  string
	Dates []string // below its beginning, middle and end
}

type bar struct {
	X, Y, Height, Width int
	Day, Value          string
	Class               string // of the style: "good", "bad", "none"
}

// Measures of a graph, in its own units.
const (
	barWidth  = 16
	barStep   = 20
	barHeight = 100
	barLeast  = 2 // what is not nothing can be seen
)

// longWait is how long an edit waits at most on a good day.
const longWait = time.Hour

func (m Month) graphs() []graph {
	part := func(c health.ClassDay) (float64, string, string) {
		if c.Up == 0 && (c.Down == 0 || c.Passed+c.Failed == 0) {
			return 1, "none", "not seen"
		}
		share := c.Up / (c.Up + c.Down)
		return share, goodIf(share >= 0.999), fmt.Sprintf("%.2f %%", 100*share)
	}
	longest := 0.0
	for _, d := range m.Days {
		longest = max(longest, d.Delay.Max)
	}
	return []graph{
		m.graph("Small requests, available", "100 %", func(d health.Day) (float64, string, string) { return part(d.Small) }),
		m.graph("Large requests, available", "100 %", func(d health.Day) (float64, string, string) { return part(d.Large) }),
		m.graph("Longest wait of an edit", seconds(longest), func(d health.Day) (float64, string, string) {
			if d.Delay.Count == 0 {
				return 0, "none", "none was seen waiting"
			}
			return d.Delay.Max / max(longest, 1), goodIf(d.Delay.Max <= longWait.Seconds()), seconds(d.Delay.Max)
		}),
	}
}

func goodIf(good bool) string {
	if good {
		return "good"
	}
	return "bad"
}

// graph draws a value of each day, between 0 and 1, in a class of the style.
func (m Month) graph(title, most string, value func(health.Day) (share float64, class, text string)) graph {
	last := m.From.AddDate(0, 1, -1)
	g := graph{Title: title, Width: last.Day() * barStep, Least: "0", Most: most}
	for _, day := range []int{1, (last.Day() + 1) / 2, last.Day()} {
		g.Dates = append(g.Dates, m.From.AddDate(0, 0, day-1).Format("2 January"))
	}
	for k, d := range m.Days {
		if at, err := time.Parse(time.DateOnly, d.Date); err == nil {
			k = at.Day() - 1
		}
		share, class, text := value(d)
		height := max(barLeast, int(share*barHeight+0.5))
		g.Bars = append(g.Bars, bar{
			X: k * barStep, Y: barHeight - height, Height: height, Width: barWidth, Day: d.Date, Value: text, Class: class,
		})
	}
	return g
}
