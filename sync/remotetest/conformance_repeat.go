package remotetest

import (
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/sync"
)

// expiredFor is longer than any service of ours keeps answers.
const expiredFor = 60 * 24 * time.Hour

// checkRequestID: where request ids are announced, the same request again gets
// the stored answer and has no effect; else they are not sent at all.
func checkRequestID(p *probe) {
	announced := p.server().RequestID
	top := p.item()
	edit := sync.NodeEdit{RequestID: requestID(time.Now()), Doc: p.Doc, Changes: []sync.Step{
		insert(top, 0, outline.Fields{Content: "one"}), insert(top, 1, outline.Fields{Content: "two"}),
	}}
	first, err := p.Remote.Edit(p.Context(), edit)
	p.need(err)
	if first.Replayed {
		p.Error("the first answer says that it is a stored one")
	}
	if !announced {
		p.wantChildren(top, "one", "two")
		p.Skip("request ids are not announced")
	}
	p.item() // something else in between
	again, err := p.Remote.Edit(p.Context(), edit)
	p.need(err)
	if !again.Replayed || !slices.Equal(again.NewNodes, first.NewNodes) {
		p.Errorf("second answer %+v, want the first one %+v, replayed", again, first)
	}
	p.wantChildren(top, "one", "two")

	edit.Changes = edit.Changes[:1]
	_, err = p.Remote.Edit(p.Context(), edit)
	p.wantFailure(err, sync.ErrRequestMismatch, sync.Rejected)
	edit.RequestID = requestID(time.Now().Add(-expiredFor))
	_, err = p.Remote.Edit(p.Context(), edit)
	p.wantFailure(err, sync.ErrRequestExpired, sync.Rejected)
	p.wantChildren(top, "one", "two")
}

// checkFileRequestID is checkRequestID for files.
func checkFileRequestID(p *probe) {
	switch {
	case p.Folder == "":
		p.Skip("no folder for new files")
	case !p.server().RequestID:
		p.Skip("request ids are not announced")
	}
	edit := sync.FileEdit{RequestID: requestID(time.Now()), Changes: []sync.FileStep{
		{Kind: outline.Insert, Type: outline.DocumentKind, Parent: p.Folder, Title: "once"},
	}}
	first, err := p.Remote.EditFiles(p.Context(), edit)
	p.need(err)
	again, err := p.Remote.EditFiles(p.Context(), edit)
	p.need(err)
	if len(first.Created) != 1 || !slices.Equal(again.Created, first.Created) {
		p.Errorf("created %v and %v, want one file", first.Created, again.Created)
	}
	if n := p.titled("once"); n != 1 {
		p.Errorf("%d files, want 1", n)
	}
	edit.Changes[0].Title = "other"
	_, err = p.Remote.EditFiles(p.Context(), edit)
	p.wantFailure(err, sync.ErrRequestMismatch, sync.Rejected)
}

// checkIfVersion: where announced, an edit for another version is refused
// whole, and an Ok tells the new version; else the version is not sent.
func checkIfVersion(p *probe) {
	announced := p.server().IfVersion
	top := p.item()
	r := p.read()
	edit := sync.NodeEdit{Doc: p.Doc, IfVersion: r.Version + 1, Changes: []sync.Step{
		insert(top, 0, outline.Fields{Content: "for another version"}),
	}}
	done, err := p.Remote.Edit(p.Context(), edit)
	if !announced {
		p.need(err)
		if done.Version != 0 {
			p.Errorf("version %d was told unasked", done.Version)
		}
		p.Skip("if-version is not announced")
	}
	p.wantFailure(err, sync.ErrVersionMismatch, sync.Rejected)
	p.wantSame(r)
	edit.IfVersion = r.Version
	done, err = p.Remote.Edit(p.Context(), edit)
	p.need(err)
	if now := p.read(); done.Version != now.Version || now.Version <= r.Version {
		p.Errorf("told version %d, read %d, before %d", done.Version, now.Version, r.Version)
	}
}
