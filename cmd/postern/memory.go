package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// heapRoom is the size in bytes up to which the heap may grow whatever lives in it. With Go's own default, which collects when
	// the heap has doubled, a server with a small catalog collects dozens of times a second under load.
	heapRoom = 14 << 20
	// leastPercent is how much a heap that lives on more than that may grow, in percent. It is less than Go's default, to spare the
	// memory of large catalogs; few garbage collections come of it, since requests leave little garbage.
	leastPercent = 50
	mostPercent  = 400
)

// paceGC makes the garbage collector wait until the heap has reached heapRoom, unless GOGC says otherwise.
func paceGC() {
	if os.Getenv("GOGC") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	last := 100
	var afterNext func()
	// A finalizer runs after each collection, since nothing else refers to its object.
	afterNext = func() {
		runtime.SetFinalizer(&collected{}, func(*collected) {
			metrics.Read(live)
			if percent := gcPercent(live[0].Value.Uint64()); percent != last {
				last = percent
				debug.SetGCPercent(percent)
			}
			afterNext()
		})
	}
	afterNext()
	runtime.GC()
}

// collected is an object that nobody needs.
type collected struct{ _ [16]byte }

// gcPercent returns by how much a heap may grow of which so many bytes live, in steps of ten, lest it changes all the time.
func gcPercent(live uint64) int {
	if live >= heapRoom {
		return leastPercent
	}
	percent := (heapRoom - live) * 100 / max(live, 1)
	return int(min(max(percent/10*10, leastPercent), mostPercent))
}
