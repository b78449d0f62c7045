package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// ServerURL checks the address of a service and returns it with a slash at the
// end. The token travels to it, so it must be https; plain http is for a service
// on this machine only.
func ServerURL(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return "", fmt.Errorf("%q is not an address", text)
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return "", fmt.Errorf("%q is not an address; write it like %s", text, DefaultServer)
	case u.User != nil:
		return "", errors.New("the address holds a name or password; the token is given by `outlast login`")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("%q has a part after ? or #", text)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return "", fmt.Errorf("%q would send the token unencrypted; use https", text)
	}
	u.Host = strings.ToLower(u.Host)
	return strings.TrimRight(u.String(), "/") + "/", nil
}

// isLoopback reports whether a host is this machine itself.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// checkListen accepts an address of this machine only: the page has the whole
// outline.
func checkListen(text string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("%q is not an address; write it like 127.0.0.1:0", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port between 0 and 65535", text)
	}
	if !isLoopback(host) {
		return fmt.Errorf("%q can be reached from other machines; use 127.0.0.1 or [::1]", text)
	}
	return nil
}

// Hook is an address that notices are sent to. Who knows it can write there, or
// read, so it is not shown.
type Hook string

// shown returns what of it people and logs may see.
func (h Hook) shown() string {
	if h == "" {
		return ""
	}
	return "[redacted]"
}

// String returns "[redacted]", "" for none.
func (h Hook) String() string { return h.shown() }

// checkHook accepts an address that notices are sent to. Its text may hold a
// secret and stays out of the error.
func checkHook(h Hook) error {
	text := string(h)
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return errors.New("is not an http or https address")
	}
	return nil
}
