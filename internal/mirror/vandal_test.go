package mirror

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf16"
)

// vandal changes a file as no outliner would, line by line.
type vandal struct {
	*rand.Rand
	lines []string
}

// open takes a file, with our own elements and ids or without.
func (v *vandal) open(text string, ours bool) {
	v.lines = strings.Split(text, "\n")
	if ours {
		return
	}
	for i, line := range v.lines {
		v.lines[i] = withoutID(strings.ReplaceAll(line, "outlastFormat", "other"))
	}
}

// item returns the lines of an item of the file with all below it.
func (v *vandal) item() (from, to int) {
	var at []int
	for i, line := range v.lines {
		if strings.HasPrefix(strings.TrimLeft(line, " "), "<outline ") {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		end := slices.Index(v.lines, "  </body>")
		return end, end
	}
	from = at[v.IntN(len(at))]
	open := 0
	for to = from; to == from || open > 0; to++ {
		open += strings.Count(v.lines[to], "<outline ") - strings.Count(v.lines[to], "/>") - strings.Count(v.lines[to], "</outline>")
	}
	return from, to
}

func (v *vandal) paste(block []string) {
	to, _ := v.item()
	v.lines = slices.Insert(v.lines, to, block...)
}

func (v *vandal) act() {
	from, to := v.item()
	if from == to {
		return
	}
	block := slices.Clone(v.lines[from:to])
	replace := func(old, new string) {
		for i := from; i < to; i++ {
			v.lines[i] = strings.Replace(v.lines[i], old, new, 1)
		}
	}
	switch v.IntN(12) {
	case 0, 1: // copy and paste, ids and all
		if len(block) < 100 {
			v.paste(block)
		}
	case 2, 3: // cut and paste
		if len(block) < len(v.lines)/2 {
			v.lines = slices.Delete(v.lines, from, to)
			v.paste(block)
		}
	case 4:
		if len(block) < 40 {
			v.lines = slices.Delete(v.lines, from, to)
		}
	case 5: // ids go
		for i := from; i < to; i++ {
			v.lines[i] = withoutID(v.lines[i])
		}
	case 6: // the id of another item, or of none
		other, _ := v.item()
		v.lines[from] = strings.Replace(withoutID(v.lines[from]), " text=", ` _id="`+cmp.Or(idIn(v.lines[other]), "alien")+`" text=`, 1)
	case 7: // another program's attribute
		replace(" text=", fmt.Sprintf(` mine%d="1" text=`, v.Uint64()))
	case 8: // another order
		for i := from; i < to; i++ {
			if id := idIn(v.lines[i]); id != "" {
				v.lines[i] = strings.Replace(withoutID(v.lines[i]), "<outline", `<outline _id="`+id+`"`, 1)
			}
		}
	case 9:
		replace(` text="`, ` text="typed `)
	case 10: // the same text
		replace(` text="s`, ` text="&#115;`)
	case 11:
		replace("/>", "></outline>")
	}
}

func idIn(line string) string {
	_, rest, _ := strings.Cut(line, ` _id="`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

func withoutID(line string) string {
	if id := idIn(line); id != "" {
		return strings.Replace(line, ` _id="`+id+`"`, "", 1)
	}
	return line
}

// file returns the lines as some editor would write them.
func (v *vandal) file() []byte {
	ends := [...]string{"\n", "\n", "\r\n", "\n\t"}
	text := strings.Join(v.lines, ends[v.IntN(len(ends))])
	switch v.IntN(8) {
	case 0:
		return []byte("\ufeff" + text)
	case 1:
		wide := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(strings.Replace(text, "UTF-8", "UTF-16", 1))) {
			wide = binary.LittleEndian.AppendUint16(wide, u)
		}
		return wide
	}
	return []byte(text)
}
