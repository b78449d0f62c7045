package main

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"outlast/internal/outline"
)

// sampleText is the written part of the sample. A line that begins with "="
// opens a document, with its folder before the slash; tabs give the depth; a line
// may begin with marks (h1, [x], red) and end with "// " and a note.
//
//go:embed demo_sample.txt
var sampleText string

// sampleFile is a document of the sample and the folder it lies in, "" for the top.
type sampleFile struct {
	folder string
	doc    *outline.Document
}

// sample returns the documents that the demo's service begins with: the same ones
// in every run, more than 500 nodes in all.
func sample() []sampleFile {
	files := parseSample(sampleText)
	files = append(files,
		sampleFile{"Work", sampleMeetings()},
		sampleFile{"Home", sampleGarden()},
		sampleFile{"", sampleInbox()})
	return files
}

// parseSample reads the written part.
func parseSample(text string) []sampleFile {
	var files []sampleFile
	var open []*outline.Node // the last node of each depth
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if name, ok := strings.CutPrefix(line, "= "); ok {
			folder, title, nested := strings.Cut(name, " / ")
			if !nested {
				folder, title = "", name
			}
			files = append(files, sampleFile{folder, outline.New("", title)})
			open = []*outline.Node{files[len(files)-1].doc.Root()}
			continue
		}
		text := strings.TrimLeft(line, "\t")
		depth := min(len(line)-len(text), len(open)-1)
		doc := files[len(files)-1].doc
		node := add(doc, open[depth], marked(text))
		open = append(open[:depth+1], node)
	}
	return files
}

// marked reads the marks of a line.
func marked(line string) outline.Fields {
	var f outline.Fields
	line, f.Note, _ = strings.Cut(line, " // ")
	for {
		mark, rest, ok := strings.Cut(line, " ")
		if mark == "[" { // "[ ] text"
			mark, rest, ok = "[ ]", strings.TrimPrefix(rest, "] "), true
		}
		if !ok || !mark1(&f, mark) {
			f.Content = line
			return f
		}
		line = rest
	}
}

// mark1 sets what one mark means, and tells whether it is a mark at all.
func mark1(f *outline.Fields, mark string) bool {
	switch mark {
	case "h1", "h2", "h3":
		f.Heading = mark[1] - '0'
	case "[ ]", "[x]":
		f.Checkbox, f.Checked = true, mark == "[x]"
	default:
		i := slices.Index(colorNames(), mark)
		if i < 1 {
			return false
		}
		f.Color = uint8(i)
	}
	return true
}

// add appends a node with a made-up id, which the service replaces by its own.
func add(d *outline.Document, parent *outline.Node, f outline.Fields) *outline.Node {
	return d.Append(parent, outline.NodeID(strconv.Itoa(d.Len())), f)
}

// sampleMeetings returns thirty weeks of minutes.
func sampleMeetings() *outline.Document {
	people := []string{"Ana", "Tomás", "Keiko", "Rui", "Oksana", "Hannelore"}
	topics := []string{
		"recordings", "captions for room %d", "the folded map", "loan of the players", "hearing loops in room %d",
		"opening hours in winter", "the draft of room %d", "insurance of the models", "school classes", "the lift",
	}
	outcomes := []string{
		"agreed, no changes", "two versions, vote next week", "moved to the week after", "done, thanks to %s",
		"%s asks the printer", "cheaper than planned by %d euros", "needs a second pair of eyes", "%s writes one page about it",
	}
	d := outline.New("", "Minutes of the guide team")
	monday := time.Date(2026, time.May, 4, 0, 0, 0, 0, time.UTC)
	for week := range 30 {
		day := monday.AddDate(0, 0, 7*week)
		chair := people[week%len(people)]
		head := add(d, d.Root(), outline.Fields{Content: "!(" + day.Format(time.DateOnly) + ") week " + strconv.Itoa(week+1), Heading: 2})
		add(d, head, outline.Fields{Content: "chair: " + chair, Note: "minutes: " + people[(week+2)%len(people)]})
		for item := range 3 {
			n := week*3 + item
			topic := add(d, head, outline.Fields{Content: filled(topics[n%len(topics)], chair, n%12+1)})
			add(d, topic, outline.Fields{Content: filled(outcomes[(n*3+week)%len(outcomes)], people[n%len(people)], 20+n*5)})
		}
		add(d, head, outline.Fields{
			Content:  filled("send the notes of week %d to @", chair, week+1) + people[(week+1)%len(people)],
			Checkbox: true, Checked: week < 28,
		})
	}
	return d
}

// sampleGarden returns a diary of a small garden.
func sampleGarden() *outline.Document {
	work := []string{
		"sowed lettuce, row %d", "watered by hand, %d cans", "tied the beans to pole %d", "turned the compost",
		"cut the lavender", "picked %d courgettes", "nothing, rain", "found %d snails, carried them to the wall", "first figs",
	}
	sky := []string{"clear", "thin cloud", "wind from the sea", "rain in the night", "fog until ten", "30 °C at noon"}
	d := outline.New("", "Garden diary")
	first := time.Date(2026, time.April, 3, 0, 0, 0, 0, time.UTC)
	for entry := range 36 {
		day := first.AddDate(0, 0, 5*entry)
		n := add(d, d.Root(), outline.Fields{Content: day.Format("2 January"), Note: sky[entry*5%len(sky)]})
		add(d, n, outline.Fields{Content: filled(work[entry%len(work)], "", entry%7+1)})
		if entry%3 == 0 {
			add(d, n, outline.Fields{Content: filled(work[(entry*4+1)%len(work)], "", entry%5+2), Color: uint8(entry % 7)})
		}
	}
	return d
}

func sampleInbox() *outline.Document {
	d := outline.New("", "Inbox")
	for _, text := range []string{"idea: a night walk through the attic", "ask Keiko for the word behind 余白", "return the drill to Rui"} {
		add(d, d.Root(), outline.Fields{Content: text})
	}
	return d
}

// filled puts a name or a number into a phrase that has room for one.
func filled(phrase, name string, n int) string {
	switch {
	case strings.Contains(phrase, "%s"):
		return fmt.Sprintf(phrase, name)
	case strings.Contains(phrase, "%d"):
		return fmt.Sprintf(phrase, n)
	}
	return phrase
}
