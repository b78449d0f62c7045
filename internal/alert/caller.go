package alert

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"outlast/internal/secret"
)

// callLimit bounds one call, from the look-up of the name to the end of the answer.
const callLimit = 20 * time.Second

// caller makes calls whose addresses are secret.
type caller struct{ client *http.Client }

func newCaller(rt http.RoundTripper) caller {
	if rt == nil {
		rt = &http.Transport{
			Proxy:             http.ProxyFromEnvironment,
			TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12},
			DisableKeepAlives: true, // calls are days apart
		}
	}
	return caller{&http.Client{
		Transport:     rt,
		Timeout:       callLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// call sends a request and wants an answer of 2xx. What fails is described, never
// quoted: the error of a request names its address.
func (c caller) call(ctx context.Context, method string, to secret.Token, body []byte, header map[string]string) error {
	req, err := http.NewRequestWithContext(ctx, method, to.Reveal(), bytes.NewReader(body))
	if err != nil {
		return errors.New("the address cannot be used")
	}
	req.Header.Set("User-Agent", "outlast")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := c.client.Do(req)
	if err != nil {
		return errors.New(describe(err))
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // what it says does not matter
	switch {
	case res.StatusCode >= 200 && res.StatusCode <= 299:
		return nil
	case res.StatusCode >= 300 && res.StatusCode <= 399:
		return fmt.Errorf("the receiver sends us elsewhere, which is not followed (HTTP %d)", res.StatusCode)
	}
	return fmt.Errorf("the receiver does not take it (HTTP %s)", strconv.Itoa(res.StatusCode))
}

// describe says in general words why a call failed.
func describe(err error) string {
	_, isDNS := errors.AsType[*net.DNSError](err)
	_, isTLS := errors.AsType[*tls.CertificateVerificationError](err)
	timeout, isTimeout := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case isDNS:
		return "the name of the receiver is not found"
	case isTLS:
		return "the certificate of the receiver is not valid"
	case errors.Is(err, context.DeadlineExceeded), isTimeout && timeout.Timeout():
		return "the receiver does not answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the receiver refuses the connection"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "the receiver is not reached"
	}
	return "the connection to the receiver failed"
}
