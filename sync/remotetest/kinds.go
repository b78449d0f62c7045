package remotetest

import (
	"bytes"
	"io"
	"net/http"
	"testing/iotest"
	"time"

	"outlast/internal/dynalist"
)

// Kind is a fault that an Injector can draw.
type Kind struct {
	Name  string   // its number in the list of faults, and what it is
	Paths []string // nil for all
	// Torn tells that no service whose requests are whole or nothing does this.
	Torn bool
	do   act
}

// act does something to a request. Neither answer nor error means that there
// was nothing to be done: the request passes.
type act func(*Injector, *exchange) (*http.Response, error)

func pass(j *Injector, x *exchange) (*http.Response, error) {
	wrote(x.req)
	return j.serve(x), nil
}

// Kinds returns all that an Injector can do to a request.
func Kinds() []Kind {
	edits := []string{dynalist.PathDocEdit}
	writes := []string{dynalist.PathDocEdit, dynalist.PathFileEdit}
	reads := []string{dynalist.PathDocRead}
	list := []string{dynalist.PathFileList}
	return []Kind{
		simple("X1", LostRefused), simple("X1", LostName), simple("X1", LostTLS),
		simple("X1", LostReset), simple("X1", LostBadGateway), simple("X1", LostTimeout),
		simple("X2", AppliedEnd), simple("X2", AppliedReset), simple("X2", AppliedTimeout), simple("X2", AppliedTorn),
		simple("X3", AppliedError), simple("X3", AppliedPlain), simple("X3", AppliedGateway), simple("X3", AppliedLate),
		simple("X3", AppliedHTML), simple("X3", AppliedGarbage), simple("X3", AppliedCut), simple("X3", AppliedEmpty),
		{"X4 prefix", edits, true, part(prefix, AppliedReset)},
		{"X4 subset", edits, true, part(subset, AppliedTimeout)},
		{"X4 silent", edits, true, part(prefix, None)},
		{"X4 midway", edits, true, midway},
		{"X5 timeout", writes, false, late(LostTimeout)},
		{"X5 reset", writes, false, late(LostReset)},
		{"X5 gateway", writes, false, late(LostBadGateway)},
		{"X6 twice", writes, false, twice},
		{"X6 twice, late", writes, false, twiceLate},
		{"X7 size", edits, false, shrink},
		{"X8 slow", nil, false, slow},
		{"X8 stuck", nil, false, fault(LostStuck)},
		{"X8 stuck, applied", nil, false, fault(AppliedStuck)},
		{"X8 drip", nil, false, drip},
		{"X9 too many", nil, false, says(dynalist.CodeTooManyRequests)},
		{"X9 lock fail", writes, false, says(dynalist.CodeLockFail)},
		{"X9 lock fail, applied", edits, true, lockFail},
		{"X9 token", nil, false, says(dynalist.CodeInvalidToken)},
		{"X10 stale", reads, false, stale},
		{"X10 regress", reads, false, regress},
		{"X10 short", reads, false, short},
		{"X10 no children", reads, false, childless},
		{"X10 empty list", list, false, emptyList},
	}
}

func simple(number string, f Fault) Kind { return Kind{Name: number + " " + f.String(), do: fault(f)} }

// fault lets a request meet a fault that needs no memory.
func fault(f Fault) act {
	return func(j *Injector, x *exchange) (*http.Response, error) {
		if f < AppliedReset || f == LostStuck || f == LostName || f == LostTLS {
			return j.meet(f, x.req, x.body)
		}
		wrote(x.req)
		return spoil(f, x.req, j.serve(x))
	}
}

// says answers a refusal of the service without having done anything.
func says(code string) act {
	return func(_ *Injector, x *exchange) (*http.Response, error) {
		wrote(x.req)
		return envelope(x.req, code), nil
	}
}

func envelope(req *http.Request, code string) *http.Response {
	return answer(req, http.StatusOK, "application/json", []byte(`{"_code":"`+code+`","_msg":"said by the test"}`))
}

// lockFail is a LockFail after the request was done.
func lockFail(j *Injector, x *exchange) (*http.Response, error) {
	wrote(x.req)
	j.serve(x)
	return envelope(x.req, dynalist.CodeLockFail), nil
}

// late lets a request arrive 0 to 300 s later. Who waits for it gives up after 50 s;
// whoever is told otherwise goes on at once.
func late(f Fault) act {
	return func(j *Injector, x *exchange) (*http.Response, error) {
		j.later(x, time.Duration(j.Rand.Int64N(int64(300*time.Second))))
		if f == LostTimeout {
			time.Sleep(50 * time.Second)
		}
		return j.meet(f, x.req, x.body)
	}
}

func twice(j *Injector, x *exchange) (*http.Response, error) {
	wrote(x.req)
	j.serve(x)
	return j.serve(x), nil
}

func twiceLate(j *Injector, x *exchange) (*http.Response, error) {
	wrote(x.req)
	res := j.serve(x)
	j.later(x, time.Duration(j.Rand.Int64N(int64(300*time.Second))))
	return res, nil
}

// shrink lets bodies above a size fail for a while.
func shrink(j *Injector, x *exchange) (*http.Response, error) {
	j.sizeAt = 200 << j.Rand.IntN(5)
	if len(x.body) <= j.sizeAt {
		return nil, nil
	}
	return tooLarge(j, x)
}

// tooLarge is what a body above the size meets, which may change then.
func tooLarge(j *Injector, x *exchange) (*http.Response, error) {
	if j.Rand.IntN(4) == 0 {
		j.sizeAt = 0
	}
	wrote(x.req)
	status := []int{http.StatusRequestEntityTooLarge, http.StatusBadGateway, http.StatusServiceUnavailable}[j.Rand.IntN(3)]
	return page(x.req, status), nil
}

func slow(j *Injector, x *exchange) (*http.Response, error) {
	wrote(x.req)
	time.Sleep(10*time.Second + time.Duration(j.Rand.Int64N(int64(20*time.Second))))
	return j.serve(x), nil
}

// drip lets the answer come in pieces.
func drip(j *Injector, x *exchange) (*http.Response, error) {
	wrote(x.req)
	res := j.serve(x)
	res.Body = io.NopCloser(&dripping{res.Body, int(res.ContentLength)/5 + 1, time.Duration(1+j.Rand.IntN(4)) * time.Second})
	return res, nil
}

type dripping struct {
	io.Reader
	most  int
	pause time.Duration
}

func (d *dripping) Read(p []byte) (int, error) {
	time.Sleep(d.pause)
	return d.Reader.Read(p[:min(len(p), d.most)])
}

// withBody gives an answer its body back.
func withBody(res *http.Response, body []byte, err error) *http.Response {
	res.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), iotest.ErrReader(err)))
	}
	return res
}
