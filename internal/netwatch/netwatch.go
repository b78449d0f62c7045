// Package netwatch tells when the network of this machine has changed: an
// address or a route has come or gone. Who waits for a service to be reachable
// again need not guess when to look.
//
// On Linux the kernel says so, by a socket that costs nothing while it is
// silent. Elsewhere, and where that socket is not allowed, the addresses of the
// machine are compared every 30 seconds.
package netwatch

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// interval is how often addresses are compared where nobody tells.
const interval = 30 * time.Second

// Run calls changed after each change of the network until ctx ends. Of one
// change there may be several calls.
func Run(ctx context.Context, changed func()) error {
	if w, err := open(); err == nil {
		return w.run(ctx, changed)
	}
	return poll(ctx, addresses, changed)
}

// poll calls changed when what look returns is not what it was.
func poll(ctx context.Context, look func() (string, error), changed func()) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	last, _ := look() // what cannot be read counts as no address
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if now, _ := look(); now != last {
			last = now
			changed()
		}
	}
}

// addresses returns those of this machine as one text.
func addresses() (string, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return "", fmt.Errorf("read addresses: %w", err)
	}
	var names []string
	for _, a := range all {
		names = append(names, a.String())
	}
	slices.Sort(names)
	return strings.Join(names, " "), nil
}
