package dynalist

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"outlast/sync"
)

// broken is the failure of a request without an answer.
func (t *trip) broken(err error) *sync.Failure {
	f := &sync.Failure{Class: sync.NotSent, Msg: describe(err), Cause: causeOf(err), Err: sync.ErrUnreachable}
	if t.left(err) {
		f.Class = classOfBroken(err, sync.Late)
		f.Large = f.Class == sync.Late
	}
	for _, own := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, own) {
			f.Err = own
		}
	}
	return f
}

// describe says why a connection failed. It quotes nothing that the other side
// has sent: what is not known here is named in general words.
func describe(err error) string {
	if s := describeTLS(err); s != "" {
		return s
	}
	dns, isDNS := errors.AsType[*net.DNSError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	_, isTooLarge := errors.AsType[*http.MaxBytesError](err)
	for _, own := range []error{errTimeout, errPrivateAddress, errPlainAddress, errProxyLogin} {
		if errors.Is(err, own) {
			return own.Error()
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "no time left"
	case isTooLarge:
		return "the answer is larger than the limit for answers"
	case isDNS && dns.IsNotFound:
		return "the name " + dns.Name + " is not known"
	case isDNS:
		return "the name " + dns.Name + " could not be looked up"
	case isOp && op.Timeout():
		return "no connection in time"
	case isOp && op.Op != "remote error":
		return "the connection failed: " + op.Err.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection ended before the answer did"
	}
	return "the connection failed"
}

// describeTLS names what is wrong with a certificate, and the clock, which may
// be the reason.
func describeTLS(err error) string {
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	host, isHost := errors.AsType[x509.HostnameError](err)
	_, isUnknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, isAny := errors.AsType[*tls.CertificateVerificationError](err)
	_, isNoTLS := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case isInvalid && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the service's certificate is valid from %s to %s only; the clock here says %s",
			day(invalid.Cert.NotBefore), day(invalid.Cert.NotAfter), day(time.Now()))
	case isHost:
		return "the service's certificate is for another name than " + host.Host
	case isUnknown:
		return "the service's certificate comes from an authority that this machine does not know"
	case isInvalid || isAny:
		return "the service's certificate is not valid"
	case isNoTLS || errors.Is(err, http.ErrSchemeMismatch):
		return "the service does not speak TLS"
	}
	return ""
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// clean makes words of the other side fit to be shown: without the token, on
// one line, and short.
func clean(s, token string) string {
	if token != "" {
		s = strings.ReplaceAll(s, token, "[redacted]")
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
	const most = 200
	if len(s) > most {
		s = s[:most]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return s
}
