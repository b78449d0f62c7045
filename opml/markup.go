package opml

import (
	"strconv"
	"strings"
)

// toHTML turns the service's markup into the HTML that Workflowy reads. Law:
// fromHTML gives s back.
func toHTML(s string) string {
	if !strings.ContainsAny(s, "&<>*_~`[!") {
		return s
	}
	var out strings.Builder
	for _, p := range Inlines(s) {
		writeHTML(&out, p)
	}
	return out.String()
}

func writeHTML(out *strings.Builder, p Inline) {
	text := escapeHTML(p.Text)
	switch p.Kind {
	case InlineText:
		out.WriteString(text)
	case InlineCode:
		out.WriteString("<code>" + text + "</code>")
	case InlineLink:
		out.WriteString(`<a href="` + escapeHTML(p.URL) + `">` + text + "</a>")
	case InlineDate:
		out.WriteString(timeTag(p) + text + "</time>")
	default:
		tag := "<"
		if p.Close {
			tag = "</"
		}
		out.WriteString(tag + markName(p.Kind) + ">")
	}
}

func timeTag(p Inline) string {
	tag := `<time startYear="` + strconv.Itoa(p.Time.Year()) + `" startMonth="` +
		strconv.Itoa(int(p.Time.Month())) + `" startDay="` + strconv.Itoa(p.Time.Day())
	if p.Clock {
		tag += `" startHour="` + strconv.Itoa(p.Time.Hour()) + `" startMinute="` + strconv.Itoa(p.Time.Minute())
	}
	return tag + `">`
}

func escapeHTML(s string) string {
	if !strings.ContainsAny(s, `&<>"`) {
		return s
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

func markName(k InlineKind) string {
	switch k {
	case InlineBold:
		return "b"
	case InlineItalic:
		return "i"
	}
	return "s"
}
