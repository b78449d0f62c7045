package store

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// guard makes damage an error. bbolt reads the file through a memory map and
// trusts it: a page that is cut off or cannot be read is a fault at an address,
// and one with nonsense in it an assertion. Use it as
//
//	defer guard(&err)()
//
// A panic of any other origin goes on.
func guard(err *error) func() {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		r := recover()
		if r == nil {
			return
		}
		if !isFault(r) && !fromBolt() {
			panic(r)
		}
		*err = fmt.Errorf("%w: %v", ErrDamaged, r)
	}
}

// isFault tells whether memory could not be read at an address other than nil.
func isFault(r any) bool {
	_, ok := r.(interface{ Addr() uintptr })
	return ok
}

// fromBolt tells whether the panic under way began in bbolt. Deferred functions
// run on top of the stack that panicked, so it can still be seen.
func fromBolt() bool {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	panicked := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic" || f.Function == "runtime.sigpanic":
			panicked = true
		case panicked && !strings.HasPrefix(f.Function, "runtime."):
			return strings.HasPrefix(f.Function, "go.etcd.io/bbolt")
		}
		if !more {
			return false
		}
	}
}
