package health

// Words for incidents and notices. They leave this machine by the channels of
// the user's choice, so they are made here alone, of nothing but causes and
// counts: no text or title of the outline, no path, no words of the service.

// Title tells what is wrong.
func Title(c Cause) string {
	switch c {
	case CauseNetwork:
		return "this machine has no network"
	case CauseDNS:
		return "the name of the outline service is not found"
	case CauseProxy:
		return "the proxy does not let requests to the outline service pass"
	case CauseTLS:
		return "there is no connection to the outline service that can be trusted"
	case CausePortal:
		return "a login page of the network answers in place of the outline service"
	case CauseService:
		return "the outline service is not reached"
	case CauseLarge:
		return "the outline service drops large requests; small ones pass"
	case CausePartly:
		return "the outline service does not answer to everything"
	case CauseToken:
		return "the outline service does not accept the token"
	case CauseHold:
		return "what the outline service shows is not plausible and was not taken"
	case CauseDecision:
		return "something waits for your decision"
	case CauseParked:
		return "the outline service has refused an edit, which waits for you"
	}
	return titleHere(c)
}

// titleHere is Title for what happens on this machine.
func titleHere(c Cause) string {
	switch c {
	case CauseStorage:
		return "the disk failed: nothing is saved any more"
	case CauseReadOnly:
		return "nothing can be saved: the database is read-only"
	case CauseDisk:
		return "a disk is nearly full"
	case CauseStale:
		return "the outline was not in step with the service for a day or longer"
	case CauseUnsent:
		return "an edit waits for too long to be sent"
	case CauseSnapshot:
		return "there is no verified snapshot of the last day"
	case CauseDrill:
		return "no snapshot was restored as a test lately"
	case CauseDaemon:
		return "the background service is installed and does not run"
	case CauseUnanswered:
		return "the background service does not answer, or its database does not open"
	}
	return "a round of sync failed"
}

// safe tells what cannot be lost by a cause.
func safe(c Cause, waiting int) string {
	kept := "everything is on this disk, and nothing waits to be sent"
	if waiting > 0 {
		kept = edits(waiting, "is", "are") + " safe on this disk, to be sent later"
	}
	switch c {
	case CauseStorage, CauseReadOnly:
		return "what was accepted before is on this disk; new edits are refused"
	case CauseUnanswered:
		return "what was accepted before is on this disk"
	case CauseStarting:
		return "what was read is on this disk; the outline at the service is untouched"
	case CauseSnapshot, CauseDrill:
		return "the outline itself is on this disk"
	case CauseHold:
		return "what was here is kept; " + kept
	}
	return kept
}

// next tells what a person can do.
func next(c Cause) string {
	switch c {
	case CauseNetwork, CauseService, CausePartly, CauseContact, CauseRate:
		return "nothing to do: it is tried again by itself"
	case CauseLarge:
		return "nothing to do: what is small is sent, a large request is tried every 5 minutes"
	case CauseDNS, CauseProxy, CauseStale, CauseUnsent, CauseOther:
		return "`outlast doctor` looks further"
	case CauseTLS:
		return "see whether the clock is right and the network asks for a login; `outlast doctor` looks further"
	case CausePortal:
		return "log in to the network"
	case CauseToken:
		return "`outlast login` takes a new token"
	case CauseHold, CauseDecision:
		return "`outlast conflicts list` shows what waits for you"
	case CauseParked:
		return "`outlast queue list` shows what waits for you"
	case CauseStorage, CauseReadOnly:
		return "see that the disk is healthy and has room, then start outlast again"
	case CauseDisk:
		return "make room on that disk; `outlast status -v` names it"
	case CauseSnapshot, CauseSnapshotFailed:
		return "`outlast snapshot take` takes one and says what is in the way"
	case CauseDrill:
		return "`outlast snapshot verify --drill` does it now"
	case CauseDaemon:
		return "`outlast service install` once, then `outlast service start`; `outlast logs` says why it ended"
	case CauseUnanswered:
		return "`outlast status` says what it is; one that hangs ends by `outlast service stop`, then `outlast service start`"
	case CauseStarting:
		return "the background service goes on with it, or `outlast sync`"
	case CauseAlert:
		return "`outlast doctor --notify` tries every channel"
	}
	return "`outlast status` says more"
}
