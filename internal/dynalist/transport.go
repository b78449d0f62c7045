package dynalist

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// What the connection is allowed. The service's own limits are unknown.
const (
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	// idleConnection is short on purpose: a write that meets a connection the
	// server has just given up ends in doubt, so a connection is used again in
	// a row of requests only.
	idleConnection = 4 * time.Second
	maxConnections = 2
	maxHeaderBytes = 64 << 10
)

var (
	errPrivateAddress = errors.New("the service's name leads to a private address")
	errPlainAddress   = errors.New("plain http leaves this machine")
	errProxyLogin     = errors.New("the proxy wants a login (407)")
)

// baseURL checks the address of the service. Plain http is for this machine
// only: each request carries the token.
func baseURL(server string) (*url.URL, error) {
	if server == "" {
		server = DefaultServer
	}
	u, err := url.Parse(server)
	switch {
	case err != nil:
		return nil, errors.New("the service's address is not a URL")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Hostname() == "":
		return nil, fmt.Errorf("the service's address must be of the form %s", DefaultServer)
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
	default:
		return nil, errors.New("the service's address must begin with https://, except on this machine")
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	return u, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Transport returns the way to a service that a Client takes when it is given none,
// for who wants to close its connections, or to look at the service beside its API.
// It follows no redirect.
func Transport(server string) (*http.Transport, error) {
	base, err := baseURL(server)
	if err != nil {
		return nil, err
	}
	return newTransport(base), nil
}

// newTransport returns the way to the service: HTTP/1.1, where one connection
// carries one request, so that "sent" has one meaning; certificates are always
// checked; a proxy comes from the environment.
func newTransport(base *url.URL) *http.Transport {
	return &http.Transport{
		Proxy:                  proxyFor(http.ProxyFromEnvironment),
		DialContext:            dialer(base),
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    handshakeTimeout,
		IdleConnTimeout:        idleConnection,
		MaxConnsPerHost:        maxConnections,
		MaxResponseHeaderBytes: maxHeaderBytes,
		OnProxyConnectResponse: proxyAnswer,
	}
}

// proxyFor asks env, but never for this machine.
func proxyFor(env func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		if isLoopback(r.URL.Hostname()) {
			return nil, nil
		}
		return env(r)
	}
}

func proxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode == http.StatusProxyAuthRequired {
		return errProxyLogin
	}
	return nil
}

// dialer connects to the service, or to the proxy, which the user has named and
// which may stand anywhere.
func dialer(base *url.URL) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := net.Dialer{Timeout: dialTimeout}
		if host, _, err := net.SplitHostPort(addr); err == nil && host == base.Hostname() {
			d.Control = guard(base)
		}
		return d.DialContext(ctx, network, addr)
	}
}

// guard looks at the address that a name has led to. The public service must be
// at a public address: a private one is somebody's answer to a DNS question. A
// server that the user configured may be anywhere, since the configuration
// names it; over plain http it must be on this machine.
func guard(base *url.URL) func(network, addr string, _ syscall.RawConn) error {
	public := strings.HasPrefix(DefaultServer, "https://"+base.Hostname()+"/")
	return func(_, addr string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(addr)
		if err != nil {
			return err
		}
		ip := embedded(at.Addr())
		switch {
		case public && isPrivate(ip):
			return errPrivateAddress
		case base.Scheme == "http" && !ip.IsLoopback():
			return errPlainAddress
		}
		return nil
	}
}

// embedded returns the IPv4 address that an IPv6 address stands for (mapped,
// NAT64 64:ff9b::/96, 6to4 2002::/16), or the address itself.
func embedded(ip netip.Addr) netip.Addr {
	ip = ip.Unmap().WithZone("")
	if !ip.Is6() {
		return ip
	}
	b := ip.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(ip):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case b[0] == 0x20 && b[1] == 0x02:
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return ip
}

func isPrivate(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return true
	}
	for _, p := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4"} {
		if netip.MustParsePrefix(p).Contains(ip) {
			return true
		}
	}
	return false
}
