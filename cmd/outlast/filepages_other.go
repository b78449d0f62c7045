//go:build !linux

package main

import "runtime/metrics"

// dropFilePages does nothing: other systems count such pages apart.
func dropFilePages() {}

// residentBytes is how much memory the runtime has from the system.
func residentBytes() int {
	of := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(of)
	return int(of[0].Value.Uint64() - of[1].Value.Uint64())
}
