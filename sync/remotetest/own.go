package remotetest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/sync"
)

// secretText must never be seen outside of the document.
const secretText = "canary-text-of-the-outline"

// RunOwn checks what it takes a service of our own to see: that what must not
// be sent does not arrive, what an error says after each fault of the network,
// and the limits. Some of it would harm an account if the Remote were wrong.
// open returns a Remote on a service that the suite has opened.
func RunOwn(t *testing.T, profile server.Profile, open func(t *testing.T, s *Service) Subject) {
	t.Helper()
	for _, c := range ownChecks() {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := OpenAt(t, c.config(t, profile))
				c.run(&ownProbe{newProbe(t, open(t, s)), s, profile})
			})
		})
	}
}

type ownCheck struct {
	name   string
	run    func(*ownProbe)
	adjust func(*server.Config)
}

func ownChecks() []ownCheck {
	limited := func(c *server.Config) { c.Limits = true }
	checks := []ownCheck{
		{name: "refused before it is sent", run: checkRefusedHere},
		{name: "refused files", run: checkRefusedFiles},
		{name: "index past the end", run: checkClamp},
		{name: "hostile text", run: checkHostileText},
		{name: "what is announced", run: checkAnnounced},
		{name: "preference that is set", run: checkSetPreference},
		{name: "delivered twice", run: checkTwice},
		{name: "waits for its budget", run: checkWaits},
		{name: "too many requests", run: checkTooMany, adjust: limited},
		{name: "changes dropped with Ok", run: checkCut, adjust: func(c *server.Config) {
			if c.Profile == server.Compat {
				c.Switches.CutAt = 2
			}
		}},
		{name: "storage is full", run: checkFull, adjust: func(c *server.Config) { c.Full = afterSetup() }},
		{name: "file that is not listed", run: checkUnlisted},
	}
	for _, w := range writes() {
		for f := LostRefused; f <= lastFault; f++ {
			if f != Twice {
				checks = append(checks, ownCheck{name: w.name + " meets " + f.String(), run: func(p *ownProbe) { checkFault(p, w, f) }})
			}
		}
	}
	for f := LostRefused; f <= lastFault; f++ {
		checks = append(checks, ownCheck{name: "reads meet " + f.String(), run: func(p *ownProbe) { checkReadFault(p, f) }})
	}
	return checks
}

func (c ownCheck) config(t testing.TB, profile server.Profile) server.Config {
	cfg := server.Config{Path: t.TempDir() + "/server.db", Profile: profile, NoSync: true}
	if c.adjust != nil {
		c.adjust(&cfg)
	}
	return cfg
}

// ownProbe is a probe whose service is ours.
type ownProbe struct {
	*probe
	Service *Service
	profile server.Profile
}

// checkRefusedHere: what would lock or break an account, or be dropped in
// silence, is refused without a request.
func checkRefusedHere(p *ownProbe) {
	top, ids := p.items("a", "b")
	before := p.read()
	root := outline.ServiceID(outline.RootID)
	one := outline.Fields{Content: secretText}
	many := make([]sync.Step, 201)
	large := make([]sync.Step, 2)
	for i := range many {
		many[i] = insert(top, i, one)
	}
	for i := range large {
		large[i] = insert(top, i, outline.Fields{Content: strings.Repeat("x", 200<<10)})
	}
	p.Service.Faults(nil)
	for name, steps := range map[string][]sync.Step{
		"nothing":                  nil,
		"201 changes":              many,
		"more than 256 KiB":        large,
		"move of the root":         {move(root, top, 0)},
		"delete of the root":       {remove(root)},
		"title as root's content":  {update(root, outline.Content, one)},
		"mask without a field":     {update(ids[0], outline.Created|outline.Collapsed, outline.Fields{})},
		"no kind":                  {{Node: ids[0]}},
		"no parent":                {insert("", 0, one)},
		"no node":                  {remove("")},
		"the end twice":            {insert(top, -1, one), insert(top, -1, one)},
		"index below the end":      {insert(top, -2, one)},
		"heading out of range":     {insert(top, 0, outline.Fields{Heading: outline.MaxHeading + 1})},
		"color out of range":       {insert(top, 0, outline.Fields{Color: outline.MaxColor + 1})},
		"content that is no UTF-8": {insert(top, 0, outline.Fields{Content: "a\xffb"})},
		"bad change among good":    {insert(top, 0, one), remove(root), insert(top, 0, one)},
	} {
		p.Log(name)
		_, err := p.send(steps...)
		p.wantFailure(err, nil, sync.Rejected)
		p.wantSilent(err)
	}
	if n := p.Service.Requests(); len(n) != 0 {
		p.Errorf("requests were made: %v", n)
	}
	p.wantSame(before)
	p.edit(insert(top, 0, outline.Fields{Content: strings.Repeat("x", 400<<10)})) // one change may be as large as it is
}

// checkRefusedFiles is the same for files.
func checkRefusedFiles(p *ownProbe) {
	p.server()
	p.Service.Faults(nil)
	for name, steps := range map[string][]sync.FileStep{
		"nothing":    nil,
		"no type":    {{Kind: outline.Insert, Parent: p.Folder}},
		"no parent":  {createFile(outline.DocumentKind, "", 0, "x")},
		"index -1":   {createFile(outline.DocumentKind, p.Folder, -1, "x")},
		"no file":    {{Kind: outline.Update, Type: outline.DocumentKind, Title: "x"}},
		"no kind":    {{Type: outline.DocumentKind, File: p.Doc}},
		"bad UTF-8":  {createFile(outline.DocumentKind, p.Folder, 0, "a\xffb")},
		"201 in one": slices.Repeat([]sync.FileStep{createFile(outline.DocumentKind, p.Folder, 0, "x")}, 201),
	} {
		p.Log(name)
		_, err := p.Remote.EditFiles(p.Context(), sync.FileEdit{Changes: steps})
		p.wantFailure(err, nil, sync.Rejected)
	}
	if n := p.Service.Requests(); len(n) != 0 {
		p.Errorf("requests were made: %v", n)
	}
}

// checkClamp: our server takes an index past the end for the end; the engine
// never sends one.
func checkClamp(p *ownProbe) {
	top, ids := p.items("a", "b", "c")
	p.edit(insert(top, 99, outline.Fields{Content: "d"}))
	p.wantChildren(top, "a", "b", "c", "d")
	p.edit(move(ids[0], top, 99))
	p.wantChildren(top, "b", "c", "d", "a")
}

// checkHostileText: any UTF-8 survives.
func checkHostileText(p *ownProbe) {
	p.wantTexts([]string{
		"\x00", "a\x00b", "\x01\x1f\x7f", "\r", "\r\n", "a\rb\r\n", "\ufeffbegins with a BOM", "\ufffd", "\uffff", "\U0010ffff",
		"\u2028\u2029", "\\ud800", `\u0041`, "\u0085", "e\u0301\u0301\u0301", "\u202eevil", strings.Repeat("🙂", 16<<10),
	})
}

// checkAnnounced: what Server says is what the profile offers, and always the
// same server.
func checkAnnounced(p *ownProbe) {
	want := sync.ServerInfo{}
	if p.profile == server.Safe {
		want = sync.ServerInfo{ID: p.Service.ID(), RequestID: true, IfVersion: true, DeleteFile: true, ChangesSince: true}
	}
	for range 2 {
		got := p.server()
		if got.Date.IsZero() {
			p.Error("no time was told")
		}
		got.Date = time.Time{}
		if got != want {
			p.Errorf("announced %+v, want %+v", got, want)
		}
	}
}

// checkSetPreference: what another program has set is what we see.
func checkSetPreference(p *ownProbe) {
	p.need(p.Service.Client(p).SetPreference(p.Context(), sync.InboxLocation, string(p.Doc)))
	if got, err := p.Remote.Preference(p.Context(), sync.InboxLocation); err != nil || got != string(p.Doc) {
		p.Errorf("inbox is %q, %v, want %q", got, err, p.Doc)
	}
}

// checkTwice: a request that arrives twice has two effects, unless it bears a
// request id that the service keeps.
func checkTwice(p *ownProbe) {
	top := p.item()
	p.Service.Once("doc/edit", 0, Twice)
	done, err := p.Remote.Edit(p.Context(), sync.NodeEdit{
		RequestID: requestID(time.Now()), Doc: p.Doc, Changes: []sync.Step{insert(top, 0, outline.Fields{Content: "x"})},
	})
	p.need(err)
	if p.profile == server.Safe {
		p.wantChildren(top, "x")
	} else {
		p.wantChildren(top, "x", "x")
	}
	if done.Replayed != (p.profile == server.Safe) || len(done.NewNodes) != 1 {
		p.Errorf("got %+v", done)
	}
}

// checkUnlisted: a document without access is out of the list and the versions.
func checkUnlisted(p *ownProbe) {
	p.need(p.Service.SetPermission(string(p.ReadOnly), 0))
	if _, there := p.listed()[p.ReadOnly]; there {
		p.Error("the document is listed")
	}
	v, err := p.Remote.Versions(p.Context(), []outline.ServiceID{p.ReadOnly, p.Doc})
	p.need(err)
	if _, there := v[p.ReadOnly]; there || len(v) != 1 {
		p.Errorf("versions %v, want one", v)
	}
	_, err = p.Remote.Read(p.Context(), p.ReadOnly, 0)
	p.wantFailure(err, sync.ErrNoPermission, sync.Rejected)
}

// wantSilent checks that an error tells neither the token nor the outline.
func (p *ownProbe) wantSilent(err error) {
	p.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		if s := err.Error(); strings.Contains(s, Token) || strings.Contains(s, secretText) {
			p.Errorf("error tells a secret: %s", s)
		}
	}
}
