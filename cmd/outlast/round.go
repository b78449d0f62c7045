package main

import (
	"context"
	"errors"

	"outlast/internal/health"
	"outlast/internal/secret"
	"outlast/internal/web"
	"outlast/store"
	"outlast/sync"
)

// syncWith returns the handler's way to do a round.
func (c *core) syncWith(run rounds) func(context.Context, web.Round, func(web.Progress)) (web.SyncResult, error) {
	return func(ctx context.Context, r web.Round, progress func(web.Progress)) (web.SyncResult, error) {
		// A person asks: the token may have been replaced since it was refused.
		if err := c.token.load(ctx); err != nil {
			return web.SyncResult{}, handlerError(err)
		}
		round := sync.Round{Docs: r.Docs, List: r.List}
		if progress != nil {
			round.Progress = func(p sync.Progress) { progress(web.Progress(p)) }
		}
		c.deeds.begin(c)
		report, err := run(ctx, round)
		if err != nil {
			return web.SyncResult{}, handlerError(err)
		}
		return syncResult(report), nil
	}
}

// syncResult puts a report in the handler's words.
func syncResult(r sync.Report) web.SyncResult {
	res := web.SyncResult{
		Documents: r.Documents, Pulled: r.Pulled, Sent: r.Sent, Confirmed: r.Confirmed,
		Conflicts: r.Conflicts, Waiting: r.Waiting, Failed: []web.SyncFailed{},
	}
	for _, f := range r.Failed {
		res.Failed = append(res.Failed, web.SyncFailed{Doc: f.Doc, Title: f.Title, Error: failedText(f.Err), Held: errors.Is(f.Err, sync.ErrHeld)})
	}
	if !r.Next.IsZero() {
		next := r.Next.UTC()
		res.Next = &next
	}
	return res
}

// failedText tells why a document could not be brought in step.
func failedText(err error) string {
	if errors.Is(err, sync.ErrHeld) {
		return told(health.KindHold, err)
	}
	return health.RootCause(err.Error())
}

// handlerError gives errors of the engine the sentinels that travel.
func handlerError(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, secret.ErrNone):
		return web.Fail(web.ErrToken, "no token is stored for this service", "`outlast login` stores it")
	case errors.Is(err, sync.ErrOtherAccount):
		return web.Fail(web.ErrConfirm, "the service shows another account than the one kept here",
			"go back to the old --server and token, or choose another --home for this account")
	case errors.Is(err, sync.ErrHeld):
		return web.Fail(web.ErrConfirm, told(health.KindHold, err),
			"`outlast conflicts list` tells what can be decided; look at the account by another way too")
	case errors.Is(err, sync.ErrToken):
		return web.Fail(web.ErrToken, "the service does not accept the token", "`outlast login` takes a new token; nothing is sent until then")
	case errors.Is(err, sync.ErrRateLimited):
		return web.Fail(web.ErrUnreachable, told(health.KindRate, err), later)
	case errors.Is(err, sync.ErrUnreachable):
		return web.Fail(web.ErrUnreachable, told(health.KindOffline, err), later)
	}
	if _, ok := errors.AsType[*sync.Failure](err); ok {
		return web.Fail(web.ErrUnreachable, told(health.KindService, err), later)
	}
	return err
}

// later is what to do when only time helps.
const later = "nothing to do while a daemon runs; else `outlast sync` later"

// told puts an error in the words of the status.
func told(kind string, err error) string {
	return health.Tell(store.Trouble{Kind: kind, Text: err.Error()})
}
