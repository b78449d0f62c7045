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
		SmallText string
		LargeText string
		Mean      float64
		Graphs    []graph
	}{Month: m, SmallText: m.Small.percent(), LargeText: m.Large.percent(), Graphs: m.graphs()}
	if m.Delay.Count > 0 {
		view.Mean = m.Delay.Total / float64(m.Delay.Count)
	}
	if err := t.Execute(w, view); err != nil {
		return fmt.Errorf("write the page of the report: %w", err)
	}
	return nil
}

// graph is a row of bars, one a day. Beside it stands the same as a table.
type graph struct {
	Title string
	Width int
	Bars  []bar
	Least string // what the bottom and the top stand for
	Most  string
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
)

func (m Month) graphs() []graph {
	part := func(c health.ClassDay) (float64, string) {
		if c.Up+c.Down == 0 {
			return -1, "not seen"
		}
		share := c.Up / (c.Up + c.Down)
		return share, fmt.Sprintf("%.2f %%", 100*share)
	}
	longest := 0.0
	for _, d := range m.Days {
		longest = max(longest, d.Delay.Max)
	}
	return []graph{
		m.graph("Small requests, available", "0 %", "100 %", func(d health.Day) (float64, string) { return part(d.Small) }),
		m.graph("Large requests, available", "0 %", "100 %", func(d health.Day) (float64, string) { return part(d.Large) }),
		m.graph("Longest wait of an edit", "0", seconds(longest), func(d health.Day) (float64, string) {
			if d.Delay.Count == 0 {
				return -1, "no edit"
			}
			return d.Delay.Max / max(longest, 1), seconds(d.Delay.Max)
		}),
	}
}

// graph draws one value a day, between 0 and 1; below 0 for none.
func (m Month) graph(title, least, most string, value func(health.Day) (float64, string)) graph {
	g := graph{Title: title, Width: max(1, len(m.Days)) * barStep, Least: least, Most: most}
	for k, d := range m.Days {
		share, text := value(d)
		b := bar{X: k * barStep, Width: barWidth, Day: d.Date, Value: text, Class: "good", Height: max(2, int(share*barHeight+0.5))}
		switch {
		case share < 0:
			b.Class, b.Height = "none", barHeight
		case share < 0.999 && most == "100 %":
			b.Class = "bad"
		}
		b.Y = barHeight - b.Height
		g.Bars = append(g.Bars, b)
	}
	return g
}
