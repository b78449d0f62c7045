package health

import (
	"strings"
	"testing"

	"outlast/store"
)

// Status is read by people: it names the cause, and never the chain of errors
// that led there.
func TestTroubleIsToldAsASentence(t *testing.T) {
	for _, tt := range []struct{ kind, text, want string }{
		{
			"offline", "list documents: the connection failed: connect: connection refused (not-sent)",
			"the service does not answer (connection refused)",
		},
		{"offline", "Work: read: no reply in 30 s (late)", "the service does not answer (no reply in 30 s)"},
		{"offline", "ask for versions: no reply in 30 s (late)", "the service does not answer (no reply in 30 s)"},
		{
			"offline", "read: HTTP 502: the answer is not the service's own (late)",
			"the service does not answer (HTTP 502: the answer is not the service's own)",
		},
		{
			"offline", "ask for versions: a web page came instead of an answer; a login page of the network may be in between (late)",
			"the service does not answer (a web page came instead of an answer; a login page of the network may be in between)",
		},
		{
			"token", "list documents: InvalidToken: the service does not accept the token (rejected)",
			"the service does not accept the token: `outlast login` takes a new one",
		},
		{"token", "there is no token (not-sent)", "no token is stored for this service: `outlast login` stores it"},
		{"rate", "read: TooManyRequests: the service asks to slow down (rejected)", "the service asks to slow down, so requests are further apart"},
		{
			"service", "send: LockFail: the service could not handle the request: busy (done?)",
			"the service answers with an error (LockFail: the service could not handle the request: busy)",
		},
		{
			"service", "read: the service shows an older state than it acknowledged (rejected)",
			"the service shows an older state than it acknowledged",
		},
		{
			"hold", "root folder is a, was b: this database belongs to another account or service: what the service shows is not plausible",
			"the service shows another account than the one kept here, so nothing is taken from it or sent to it",
		},
		{
			"hold", "version 3 after version 5: what the service shows is not plausible",
			"what the service shows is not plausible, so nothing of it was taken (version 3 after version 5)",
		},
		{"hold", "what the service shows is not plausible", "what the service shows is not plausible, so nothing of it was taken"},
		{"error", "take version 5: record 7: damaged\nmore", "the last round did not do all (damaged)"},
		{"else", "", "the last round did not do all"},
	} {
		if got := Tell(store.Trouble{Kind: tt.kind, Text: tt.text}); got != tt.want {
			t.Errorf("%s %q:\ngot  %s\nwant %s", tt.kind, tt.text, got, tt.want)
		}
	}
}

func TestWhatIsSafeCountsEdits(t *testing.T) {
	f := good()
	troubled("offline")(&f)
	for n, want := range map[int]string{
		0: "everything is on this disk, and nothing waits to be sent",
		1: "1 edit is safe on this disk, to be sent later",
		2: "2 edits are safe on this disk, to be sent later",
	} {
		f.Queue.Pending = n
		if s, _ := Judge(f); *s.Safe != want || strings.Contains(s.Reasons[0], "safe") {
			t.Errorf("got %q, want %q", *s.Safe, want)
		}
	}
}
