package health

import (
	"cmp"
	"net/netip"
	"net/url"

	"outlast/store"
)

// Cause is why something is not as it should be, in one word for programs.
type Cause string

// The causes. Those of the first group are in the way to the service, from this
// machine outwards.
const (
	CauseNetwork Cause = "network" // this machine has none
	CauseDNS     Cause = "dns"
	CauseProxy   Cause = "proxy"
	CauseTLS     Cause = "tls"
	CausePortal  Cause = "portal" // a login page of the network
	CauseService Cause = "service"

	CauseLarge  Cause = "large"  // large requests fail, small ones pass
	CausePartly Cause = "partly" // some documents fail
	CauseToken  Cause = "token"
	CauseRate   Cause = "rate"
	CauseOther  Cause = "other"

	CauseHold     Cause = "hold"     // what the service shows is not taken
	CauseDecision Cause = "decision" // a person has to decide
	CauseParked   Cause = "parked"   // the service refused edits

	CauseStorage  Cause = "storage"   // a write failed
	CauseReadOnly Cause = "read_only" // nothing can be written
	CauseDisk     Cause = "disk"      // little room

	CauseStale          Cause = "stale"           // no verified sync
	CauseContact        Cause = "contact"         // no good answer
	CauseUnsent         Cause = "unsent"          // an edit waits for long
	CauseSnapshot       Cause = "snapshot"        // no verified snapshot
	CauseSnapshotFailed Cause = "snapshot_failed" // the last one
	CauseDrill          Cause = "drill"           // no snapshot was restored as a test
	CauseDaemon         Cause = "daemon"          // it does not run
	CauseUnanswered     Cause = "unanswered"      // the state cannot be told
	CauseAlert          Cause = "alert"           // a notice could not be delivered
	CauseStarting       Cause = "starting"
)

// wayOf tells what is in the way to the service. Without any network, names are
// not found and hosts not reached; then that is the cause.
func wayOf(f Facts, t store.Trouble) Cause {
	c := cmp.Or(Cause(t.Cause), CauseService)
	blind := c == CauseDNS || c == CauseNetwork || c == CauseService && t.Code == ""
	if f.Network != nil && !*f.Network && blind && !loopback(f.Account.Server) {
		return CauseNetwork
	}
	if c == CauseNetwork && f.Network != nil && *f.Network {
		return CauseService // there is one, and the service is not reached by it
	}
	return c
}

// Side tells whose fault a cause is: "service", "network", "this machine", or
// "you" where only a person can go on.
func (c Cause) Side() string {
	switch c {
	case CauseDNS, CauseProxy, CausePortal, CauseTLS:
		return "network"
	case CauseService, CauseLarge, CausePartly, CauseRate, CauseContact, CauseStale, CauseUnsent:
		return "service"
	case CauseToken, CauseHold, CauseDecision, CauseParked:
		return "you"
	}
	return "this machine"
}

// effect groups the causes that are one incident: what fails is the same, though
// why may change while it lasts.
func (c Cause) effect() string {
	switch c {
	case CauseDNS, CauseProxy, CausePortal, CauseTLS, CauseService:
		return "unreachable"
	case CauseLarge, CausePartly:
		return "large"
	case CauseHold, CauseDecision, CauseParked:
		return "decision"
	case CauseStorage, CauseReadOnly:
		return "storage"
	}
	return string(c)
}

// loses tells whether something can be lost while a cause lasts, so that quiet
// hours do not count.
func (c Cause) loses() bool {
	switch c {
	case CauseStorage, CauseReadOnly, CauseDisk, CauseSnapshot, CauseUnsent:
		return true
	}
	return false
}

// loopback tells whether the service is on this machine.
func loopback(server string) bool {
	u, err := url.Parse(server)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}
