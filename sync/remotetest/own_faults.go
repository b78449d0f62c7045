package remotetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/sync"
)

// expect is the class of a request that met a fault, by what its answer, or
// the lack of one, says to somebody who does not know the fault.
func expect(f Fault) sync.Class {
	switch f {
	case LostRefused, LostName, LostTLS:
		return sync.NotSent
	case LostReset, AppliedReset, AppliedTorn, AppliedEnd:
		return sync.Cut
	case AppliedCut, AppliedEmpty, AppliedHTML, AppliedGarbage:
		return sync.Partial
	case AppliedError:
		return sync.Done
	}
	return sync.Late
}

// applied tells whether the service has done what was asked.
func (f Fault) applied() bool { return f == AppliedStuck || slices.Contains(Applied(), f) }

// write is a method that changes something.
type write struct {
	name, path string
	call       func(p *ownProbe) error
	done       func(p *ownProbe) bool
}

func writes() []write {
	return []write{
		{
			"Edit", "doc/edit",
			func(p *ownProbe) error {
				_, err := p.send(insert(outline.ServiceID(outline.RootID), 0, outline.Fields{Content: secretText}))
				return err
			},
			func(p *ownProbe) bool {
				return slices.Contains(p.read().children(outline.ServiceID(outline.RootID)), secretText)
			},
		},
		{
			"EditFiles", "file/edit",
			func(p *ownProbe) error {
				_, err := p.Remote.EditFiles(p.Context(), sync.FileEdit{Changes: []sync.FileStep{
					createFile(outline.DocumentKind, p.Folder, 0, secretText),
				}})
				return err
			},
			func(p *ownProbe) bool { return p.titled(secretText) > 0 },
		},
	}
}

// checkFault: a write makes one request whatever happens to it, its class never
// denies what the service may have done, and its error tells no secret.
func checkFault(p *ownProbe, w write, f Fault) {
	p.server()
	p.Service.Once(w.path, 0, f)
	err := w.call(p)
	p.wantFailure(err, nil, expect(f))
	p.wantSilent(err)
	if f == LostRefused && !errors.Is(err, sync.ErrUnreachable) {
		p.Errorf("%v does not say that the service cannot be reached", err)
	}
	if n := p.Service.Requests()[w.path]; n != 1 {
		p.Errorf("%d requests, want 1", n)
	}
	if got := w.done(p); got != f.applied() {
		p.Errorf("applied: %v, want %v", got, f.applied())
	}
	if fail, ok := errors.AsType[*sync.Failure](err); ok && fail.Large != (fail.Class == sync.Late || fail.Class == sync.Done) {
		p.Errorf("large: %v with class %s", fail.Large, fail.Class)
	}
	p.need(w.call(p)) // it goes on as if nothing had been
}

// checkReadFault: reads may be sent again; a fault that lasts is told, one that
// passes does no harm.
func checkReadFault(p *ownProbe, f Fault) {
	p.item()
	before := p.read()
	p.Service.Faults(func(string, int) Fault { return f })
	if f == Twice {
		p.wantSame(before)
		return
	}
	for name, err := range p.readAll() {
		p.Log(name)
		p.wantFailure(err, nil, expect(f))
		p.wantSilent(err)
	}
	p.Service.Faults(nil)
	for name, err := range p.readAll() {
		if err != nil {
			p.Errorf("%s after the fault: %v", name, err)
		}
	}
	p.wantSame(before)
}

// readAll calls every method that only reads and returns the errors.
func (p *ownProbe) readAll() map[string]error {
	errs := make(map[string]error)
	_, errs["Files"] = p.Remote.Files(p.Context())
	_, errs["Versions"] = p.Remote.Versions(p.Context(), []outline.ServiceID{p.Doc})
	_, errs["Read"] = p.Remote.Read(p.Context(), p.Doc, 0)
	_, errs["Preference"] = p.Remote.Preference(p.Context(), sync.InboxLocation)
	return errs
}

// checkWaits: a debt of an earlier run is waited for before anything is sent.
func checkWaits(p *ownProbe) {
	if p.Again == nil {
		p.Skip("cannot open the Remote again")
	}
	var spent []sync.Budget
	for _, b := range p.Remote.Budgets() {
		spent = append(spent, sync.Budget{Name: b.Name, Tokens: -30, At: b.At})
	}
	p.Service.Faults(nil)
	again := p.Again(spent)
	ctx, cancel := context.WithTimeout(p.Context(), time.Second)
	defer cancel()
	for name, err := range p.callAll(ctx, again) {
		p.Log(name)
		p.wantFailure(err, context.DeadlineExceeded, sync.NotSent)
	}
	if n := p.Service.Requests(); len(n) != 0 {
		p.Errorf("requests were made in debt: %v", n)
	}
	start := time.Now()
	_, err := again.Read(p.Context(), p.Doc, 0)
	p.need(err)
	if waited := time.Since(start); waited < time.Second {
		p.Errorf("a debt of 30 was waited for %s", waited)
	}
	start = time.Now() // the service has answered by now, and perhaps has no limits: a debt stays one
	_, err = again.Files(p.Context())
	p.need(err)
	if waited := time.Since(start); waited < time.Second {
		p.Errorf("a debt of 30 was waited for %s after the first answer", waited)
	}
}

// checkCut: an Ok that does not fit its request leaves open what was applied.
func checkCut(p *ownProbe) {
	if p.profile == server.Safe {
		p.Skip("profile safe applies a request whole")
	}
	top := p.item()
	_, err := p.send(
		insert(top, 0, outline.Fields{Content: "one"}),
		insert(top, 1, outline.Fields{Content: "two"}),
		insert(top, 2, outline.Fields{Content: "dropped in silence"}),
	)
	p.wantFailure(err, nil, sync.Partial)
	p.wantChildren(top, "one", "two")
}

// checkTooMany: when another client has used up the limits, the answer is a
// clear no; the next request waits, and then passes.
func checkTooMany(p *ownProbe) {
	top := p.item()
	other := p.Service.Client(p)
	steps := make([]sync.Step, 100)
	for i := range steps {
		steps[i] = insert(top, i, outline.Fields{Content: "other"})
	}
	for range 4 { // of 500 at once, less those of the check's own
		_, err := other.Edit(p.Context(), sync.NodeEdit{Doc: p.Doc, Changes: steps})
		p.need(err)
	}
	before := p.read()
	_, err := p.send(append(steps, steps...)...)
	p.wantFailure(err, sync.ErrRateLimited, sync.Rejected)
	p.wantSame(before)
	start := time.Now()
	p.edit(steps...)
	if time.Since(start) < time.Second {
		p.Error("the next request did not wait")
	}
}

// checkFull: no room is a clear no with its reason.
func checkFull(p *ownProbe) {
	p.server()
	before := p.read()
	time.Sleep(fullAfter)
	_, err := p.send(insert(outline.ServiceID(outline.RootID), 0, outline.Fields{Content: secretText}))
	p.wantFailure(err, sync.ErrStorageFull, sync.Rejected)
	p.wantSilent(err)
	p.wantSame(before)
}

const fullAfter = time.Hour

// afterSetup is a disk that fills up an hour later, which is no time at all here.
func afterSetup() func() error {
	full := time.Now().Add(fullAfter)
	return func() error {
		if time.Now().Before(full) {
			return nil
		}
		return errors.New("no room in the test")
	}
}
