package outline

import (
	"sync/atomic"
	"testing"
)

// A fault in either half is one of the caller, who may recover from it, and comes after
// both have ended.
func TestFaultOfAHalfIsTheCallers(t *testing.T) {
	for failing := range 2 {
		var ended atomic.Int32
		fault := func() (fault any) {
			defer func() { fault = recover() }()
			halves(10, func(half, _, _ int) {
				defer ended.Add(1)
				if half == failing {
					panic(half)
				}
			})
			return nil
		}()
		if fault != failing || ended.Load() != 2 {
			t.Errorf("half %d: fault %v, %d ended", failing, fault, ended.Load())
		}
	}
}
