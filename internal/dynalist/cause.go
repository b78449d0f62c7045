package dynalist

import (
	"errors"
	"net"
	"syscall"

	"outlast/sync"
)

// causeOf tells from a failed connection what is in the way. A name that leads to
// a private address is the answer of a network that wants its login page seen.
func causeOf(err error) sync.Cause {
	_, isDNS := errors.AsType[*net.DNSError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, errProxyLogin), isOp && op.Op == "proxyconnect":
		return sync.CauseProxy
	case errors.Is(err, errPrivateAddress):
		return sync.CausePortal
	case describeTLS(err) != "", isOp && op.Op == "remote error":
		return sync.CauseTLS
	case isDNS:
		return sync.CauseName
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETDOWN):
		return sync.CauseNetwork
	}
	return sync.CauseService
}
