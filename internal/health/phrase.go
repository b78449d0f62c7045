package health

import (
	"slices"
	"strings"
	"unicode"

	"outlast/store"
)

// Tell tells a trouble to a person. Its text is the error as the engine had
// it, a chain from what was tried down to the cause; of it only the cause is told,
// and only where it says more than the kind.
func Tell(t store.Trouble) string {
	cause := RootCause(t.Text)
	switch t.Kind {
	case KindOffline:
		if Cause(t.Cause) == CausePortal {
			return "a login page of the network seems to answer in place of the service"
		}
		return with("the service does not answer", cause)
	case KindToken:
		if strings.Contains(t.Text, "there is no token") {
			return "no token is stored for this service: `outlast login` stores it"
		}
		return "the service does not accept the token: `outlast login` takes a new one"
	case KindRate:
		return "the service asks to slow down, so requests are further apart"
	case KindPermission:
		return with("the service does not allow an edit", strings.TrimPrefix(cause, "the service does not allow this"))
	case KindHold:
		if strings.Contains(t.Text, "another account") {
			return "the service shows another account than the one kept here, so nothing is taken from it or sent to it"
		}
		return with("what the service shows is not plausible, so nothing of it was taken", implausible(t.Text))
	case KindService:
		if strings.HasPrefix(cause, "the service ") {
			return cause
		}
		return with("the service answers with an error", cause)
	}
	return with("the last round did not do all", cause)
}

// with adds a cause in brackets, if there is one.
func with(sentence, cause string) string {
	if cause == "" {
		return sentence
	}
	return sentence + " (" + cause + ")"
}

// RootCause returns the end of a chain of errors: why something failed, without what
// was being done then and without the engine's name for the class of the failure.
// A code of the service ("LockFail", "HTTP 502") stays in front.
func RootCause(text string) string {
	links := strings.Split(firstLine(text), ": ")
	for i, link := range slices.Backward(links) {
		if isCode(link) {
			return strings.Join(links[i:], ": ")
		}
	}
	return links[len(links)-1]
}

// implausible returns what contradicts itself in what the service showed.
func implausible(text string) string {
	const verdict = "what the service shows is not plausible"
	text, _, _ = strings.Cut(firstLine(text), ": "+verdict)
	if text == verdict {
		return ""
	}
	return RootCause(text)
}

// firstLine leaves out further errors, and the class at the end.
func firstLine(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	begin := strings.LastIndex(text, " (")
	classes := []string{" (not-sent)", " (rejected)", " (partial)", " (done?)", " (cut)", " (late)"}
	if begin >= 0 && slices.Contains(classes, text[begin:]) {
		return text[:begin]
	}
	return text
}

// isCode tells whether a link of a chain is a status of HTTP, or a code of the
// service, which is made of several words: one word alone can be a title.
func isCode(link string) bool {
	if strings.HasPrefix(link, "HTTP ") {
		return true
	}
	capitals := 0
	for _, r := range link {
		if !unicode.IsLetter(r) {
			return false
		}
		if unicode.IsUpper(r) {
			capitals++
		}
	}
	return capitals > 1 && capitals < len(link)
}
