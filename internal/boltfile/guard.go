package boltfile

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// Guard makes damage an error that wraps ErrDamaged: a page that is cut off or
// cannot be read is a fault at an address, and one with nonsense in it an
// assertion of bbolt's. Use it around all that reads a file, as
//
//	defer boltfile.Guard(&err)()
//
// A panic of any other origin goes on.
func Guard(err *error) func() {
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
