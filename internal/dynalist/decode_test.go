package dynalist

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"outlast/internal/outline"
	"outlast/sync"
)

func readText(text string) (*document, envelope, error) {
	var d document
	e, err := decode(text, d.field)
	if err == nil && e.ok() {
		err = d.complete()
	}
	return &d, e, err
}

func readNode(node string) (sync.ReadNode, error) {
	d, _, err := readText(`{"_code":"Ok","file_id":"d","title":"t","version":1,"nodes":[` + node + `]}`)
	if err != nil {
		return sync.ReadNode{}, err
	}
	return d.reading.Nodes[0], nil
}

func TestDecodeNode(t *testing.T) {
	tests := []struct {
		node string
		want sync.ReadNode
	}{
		{`{"id":"a","content":"x","note":""}`, sync.ReadNode{ID: "a", Fields: outline.Fields{Content: "x"}}},
		{
			`{"id":"-a","content":"x\n\"\\\/\b\f\r\t","note":"\u00e9\uD83D\uDE00\u0000","checked":true,"checkbox":true,` +
				`"heading":3,"color":6,"numbered":true,"collapsed":true,"created":1514764800000,"modified":-1,` +
				`"children":["b","c"],"parent":"root"}`,
			sync.ReadNode{
				ID: "-a", Children: []outline.ServiceID{"b", "c"},
				Fields: outline.Fields{
					Content: "x\n\"\\/\b\f\r\t", Note: "é😀\x00", Checked: true, Checkbox: true, Heading: 3, Color: 6,
					Numbered: true, Collapsed: true, Created: 1514764800000, Modified: -1,
				},
			},
		},
		{
			` { "z" : { "a" : [ 1.50e+3 , null ] } , "id" : "a" , "content" : "" , "children" : [ ] , "A\u0062" : "ü\u00fc" } `,
			sync.ReadNode{ID: "a", Fields: outline.Fields{Extra: `{"z":{ "a" : [ 1.50e+3 , null ] },"A\u0062":"ü\u00fc"}`}},
		},
		{
			`{"id":"a","content":"x","color":7,"heading":-1,"created":1.5,"modified":99999999999999999999}`,
			sync.ReadNode{ID: "a", Fields: outline.Fields{
				Content: "x", Extra: `{"color":7,"heading":-1,"created":1.5,"modified":99999999999999999999}`,
			}},
		},
	}
	for _, test := range tests {
		got, err := readNode(test.node)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v, %v, want %+v", test.node, got, err, test.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	nodes := map[string]string{
		"no id":                 `{"content":"x"}`,
		"no content":            `{"id":"a"}`,
		"name twice":            `{"id":"a","content":"x","content":"y"}`,
		"name twice, escaped":   `{"id":"a","content":"x","\u0069d":"b"}`,
		"twice inside unknown":  `{"id":"a","content":"x","z":[{"b":1,"b":1}]}`,
		"content not a string":  `{"id":"a","content":1}`,
		"null content":          `{"id":"a","content":null}`,
		"note not a string":     `{"id":"a","content":"","note":false}`,
		"checked not a boolean": `{"id":"a","content":"","checked":1}`,
		"heading not a number":  `{"id":"a","content":"","heading":"1"}`,
		"created not a number":  `{"id":"a","content":"","created":"now"}`,
		"children not a list":   `{"id":"a","content":"","children":"b"}`,
		"child not a string":    `{"id":"a","content":"","children":[1]}`,
		"high surrogate":        `{"id":"a","content":"\ud83d"}`,
		"high surrogate, text":  `{"id":"a","content":"\ud83d x"}`,
		"two high surrogates":   `{"id":"a","content":"\ud83d\ud83d"}`,
		"low surrogate":         `{"id":"a","content":"\ude00"}`,
		"two low surrogates":    `{"id":"a","content":"\ude00\ude00"}`,
		"raw newline":           "{\"id\":\"a\",\"content\":\"x\ny\"}",
		"raw NUL":               "{\"id\":\"a\",\"content\":\"\x00\"}",
		"raw NUL after escape":  "{\"id\":\"a\",\"content\":\"\\n\x00\"}",
		"unknown escape":        `{"id":"a","content":"\x41"}`,
		"short escape":          `{"id":"a","content":"\u12"}`,
		"leading zero":          `{"id":"a","content":"","z":01}`,
		"plus":                  `{"id":"a","content":"","z":+1}`,
		"bare point":            `{"id":"a","content":"","z":1.}`,
		"bare exponent":         `{"id":"a","content":"","z":1e}`,
		"unknown word":          `{"id":"a","content":"","z":nul}`,
		"comma at the end":      `{"id":"a","content":"",}`,
		"no comma":              `{"id":"a" "content":""}`,
		"not an object":         `"a"`,
		"too deep":              `{"id":"a","content":"","z":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `}`,
		"invalid UTF-8":         "{\"id\":\"a\",\"content\":\"\xc3(\"}",
		"CESU-8 surrogate":      "{\"id\":\"a\",\"content\":\"\xed\xa0\xbd\"}",
	}
	for name, node := range nodes {
		got, err := readNode(node)
		if err == nil {
			t.Errorf("%s: got %+v", name, got)
		} else if !errors.Is(err, errUnreadable) {
			t.Errorf("%s: got %v, want an unreadable answer", name, err)
		}
	}
	for name, text := range map[string]string{
		"no document": `{"_code":"Ok","version":1,"nodes":[]}`,
		"no version":  `{"_code":"Ok","file_id":"d","nodes":[]}`,
		"no nodes":    `{"_code":"Ok","file_id":"d","version":1}`,
		"version":     `{"_code":"Ok","file_id":"d","version":1.5,"nodes":[]}`,
		"nodes twice": `{"_code":"Ok","file_id":"d","version":1,"nodes":[],"nodes":[]}`,
	} {
		if _, _, err := readText(text); !errors.Is(err, errUnreadable) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// An object with many names must neither miss a double one nor take long.
func TestDecodeManyNames(t *testing.T) {
	var b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&b, `"n%d":1,`, i)
	}
	names := b.String()
	if _, err := decode(`{`+names+`"_code":"Ok"}`, nothing); err != nil {
		t.Error(err)
	}
	for _, double := range []string{"n0", "n31", "n32", "n99999"} {
		if _, err := decode(`{`+names+`"`+double+`":1,"_code":"Ok"}`, nothing); err == nil {
			t.Errorf("%s twice was accepted", double)
		}
	}
}

func TestChildrenShareNoRoom(t *testing.T) {
	d, _, err := readText(`{"_code":"Ok","file_id":"d","version":1,"nodes":[` +
		`{"id":"a","content":"","children":["b"]},{"id":"b","content":"","children":["c"]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	nodes := d.reading.Nodes
	_ = append(nodes[0].Children, "x")
	if nodes[1].Children[0] != "c" {
		t.Error("appending to one node's children changed another's")
	}
}

// FuzzDecode holds the scanner against encoding/json: it accepts exactly what
// is valid JSON in valid UTF-8 without lone surrogates and double names, and
// reads the same values from it.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"_code":"Ok","file_id":"d","title":"t","version":1,"nodes":[{"id":"a","content":"x","children":["b"],"q":[1,-0.5e-7]}]}`,
		`{"a":"\ud83d\ude00","b":"\ud83d","c":{"a":null,"a":true}}`, `[[],{},"",0,-0,1E+2]`, "\"\xff\"", `"\u0000"`, ` false `,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var raw string
		err := scan(text, func(s *scanner) (err error) {
			raw, err = s.raw()
			return err
		})
		if want := strict(text); (err == nil) != want {
			t.Fatalf("%q: got %v, want accepted: %v", text, err, want)
		}
		if err != nil {
			return
		}
		if raw != strings.Trim(text, " \t\r\n") {
			t.Fatalf("%q: kept as %q", text, raw)
		}
		checkDocument(t, text)
	})
}

// checkDocument compares what the fields of a document were read as.
func checkDocument(t *testing.T, text string) {
	d, _, err := readText(text)
	if err != nil || !d.nodes {
		return
	}
	var r DocReadResponse
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return // names in another case, which encoding/json takes for ours
	}
	for i, n := range d.reading.Nodes {
		var all map[string]any
		if err := json.Unmarshal(r.Nodes[i], &all); err != nil || all["content"] != n.Fields.Content {
			t.Fatalf("%q: node %d is %+v, %v", text, i, n, err)
		}
		if n.Fields.Extra != "" && !strict(n.Fields.Extra) {
			t.Fatalf("%q: kept %q of node %d", text, n.Fields.Extra, i)
		}
	}
}

// strict tells by means of encoding/json whether the scanner should accept text.
func strict(text string) bool {
	if !utf8.ValidString(text) || !json.Valid([]byte(text)) || loneSurrogate(text) {
		return false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return strictValue(d, 1)
}

func strictValue(d *json.Decoder, depth int) bool {
	token, err := d.Token()
	delim, isDelim := token.(json.Delim)
	if err != nil || !isDelim {
		return err == nil
	}
	names := make(map[string]bool)
	for d.More() {
		if delim == '{' {
			name, _ := d.Token()
			if names[name.(string)] {
				return false
			}
			names[name.(string)] = true
		}
		if !strictValue(d, depth+1) {
			return false
		}
	}
	_, err = d.Token()
	return err == nil && depth <= maxNesting
}

// loneSurrogate looks for escaped surrogates that make no pair, in valid JSON.
func loneSurrogate(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if text[i+1] != 'u' {
			i++
			continue
		}
		four := strings.ToLower(text[i+2 : i+6])
		i += 5
		if four[0] != 'd' || four[1] < '8' {
			continue
		}
		if four[1] >= 'c' || i+6 >= len(text) || text[i+1] != '\\' || text[i+2] != 'u' {
			return true
		}
		low := strings.ToLower(text[i+3 : i+7])
		if low[0] != 'd' || low[1] < 'c' {
			return true
		}
		i += 6
	}
	return false
}
