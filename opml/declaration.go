package opml

import "bytes"

// declaration is what <?xml ... ?> says.
type declaration struct {
	version, encoding string
}

var xmlOpen = []byte("<?xml")

// parseDeclaration parses the XML declaration that b begins with and returns
// its length; 0 without a fault when b begins with none or ends within it. What
// was understood before a fault is returned with it.
func parseDeclaration(b []byte) (d declaration, n int, f *fault) {
	if !bytes.HasPrefix(b, xmlOpen) || len(b) == len(xmlOpen) || skipBlanks(b, len(xmlOpen)) == len(xmlOpen) {
		return d, 0, nil
	}
	end := bytes.Index(b, []byte("?>"))
	if end < 0 {
		return d, 0, nil
	}
	last := 0 // position in the order version, encoding, standalone
	for i := len(xmlOpen); ; {
		from := i
		i = skipBlanks(b, i)
		if i == end {
			break
		}
		name, val, size := pseudoAttr(b[i:end])
		order := pseudoOrder(name)
		if size == 0 || i == from || order <= last || last == 0 && order != 1 || !pseudoValue(name, val) {
			return d, 0, bad(i, "XML declaration is not of the form version=\"1.0\" encoding=\"...\"")
		}
		last = order
		switch name {
		case "version":
			d.version = val
		case "encoding":
			d.encoding = val
		}
		i += size
	}
	if d.version != "1.0" {
		return d, 0, bad(0, "XML version "+quote([]byte(d.version))+" is not 1.0")
	}
	return d, end + 2, nil
}

// pseudoAttr parses name="value" and returns its size, 0 when it is none.
func pseudoAttr(b []byte) (name, val string, size int) {
	n, ok := nameLength(b)
	i := skipBlanks(b, n)
	if !ok || i >= len(b) || b[i] != '=' {
		return "", "", 0
	}
	i = skipBlanks(b, i+1)
	if i >= len(b) || b[i] != '"' && b[i] != '\'' {
		return "", "", 0
	}
	end := bytes.IndexByte(b[i+1:], b[i])
	if end < 0 {
		return "", "", 0
	}
	return string(b[:n]), string(b[i+1 : i+1+end]), i + end + 2
}

func pseudoOrder(name string) int {
	switch name {
	case "version":
		return 1
	case "encoding":
		return 2
	case "standalone":
		return 3
	}
	return 0
}

// pseudoValue tells whether a value is sound where only two words are.
func pseudoValue(name, val string) bool {
	return name != "standalone" || val == "yes" || val == "no"
}
