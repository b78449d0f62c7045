package doctor

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Clock differences that matter: certificates and dates of snapshots suffer from
// large ones, and a time server keeps small ones away.
const (
	clockWarn  = 2 * time.Minute
	clockError = time.Hour
)

// Clock compares the clock of this machine with that of a service, by the Date of an
// answer. The request carries no token. A redirect is not followed.
func Clock(ctx context.Context, transport http.RoundTripper, address string) Finding {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return Skip("the address of the service cannot be asked: %v", err)
	}
	began := time.Now()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return Skip("the clock was not compared: the service does not answer")
	}
	took := time.Since(began)
	defer resp.Body.Close()
	theirs, err := serverTime(resp)
	if err != nil {
		return Skip("the clock was not compared: %v", err)
	}
	return skew(began.Add(took / 2).Sub(theirs))
}

func serverTime(resp *http.Response) (time.Time, error) {
	text := resp.Header.Get("Date")
	if text == "" {
		return time.Time{}, errors.New("the service does not say what time it is")
	}
	return http.ParseTime(text)
}

// skew judges by how much this clock is ahead. A Date is cut to whole seconds.
func skew(ahead time.Duration) Finding {
	size, side := ahead.Abs().Round(time.Second), "ahead"
	if ahead < 0 {
		side = "behind"
	}
	const remedy = "let the system set its clock (timedatectl set-ntp true, or the date and time settings)"
	switch {
	case size >= clockError:
		return Bad(Error, remedy, "the clock of this machine is %v %s", size, side)
	case size >= clockWarn:
		return Bad(Warning, remedy, "the clock of this machine is %v %s", size, side)
	}
	return Good("the clock agrees with the service to %v", max(size, time.Second))
}
