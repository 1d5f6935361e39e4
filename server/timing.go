package server

import (
	"strconv"
	"time"
)

// phase is a step of a request.
type phase int

const (
	phaseAuth phase = iota
	phaseParse
	phasePlan
	phaseAcquire // a connection of the pool
	phaseTransaction
	phaseResponse

	phases = int(phaseResponse) + 1
)

// timing tells when the phases of a request began and how long they took; 0 for what did not happen.
type timing [phases]struct {
	began time.Time
	took  time.Duration
}

// measure is called when a phase ends.
func (t *timing) measure(p phase, began time.Time) { t.add(p, began, time.Since(began)) }

// add adds to a phase, which may consist of several parts.
func (t *timing) add(p phase, began time.Time, took time.Duration) {
	if t[p].took == 0 {
		t[p].began = began
	}
	t[p].took += max(took, 1) // a clock may be coarse
}

// serverTiming names the phases as PostgREST does. To wait for a connection is a part of the transaction there.
var serverTiming = [...]struct {
	name  string
	phase phase
}{
	{"jwt", phaseAuth},
	{"parse", phaseParse},
	{"plan", phasePlan},
	{"transaction", phaseTransaction},
	{"response", phaseResponse},
}

// header returns the value of Server-Timing (W3C Server Timing); durations are in milliseconds.
func (t *timing) header() string {
	out := make([]byte, 0, 96)
	for i, m := range serverTiming {
		if i > 0 {
			out = append(out, ", "...)
		}
		d := t[m.phase].took
		if m.phase == phaseTransaction {
			d += t[phaseAcquire].took
		}
		out = append(append(out, m.name...), ";dur="...)
		out = strconv.AppendFloat(out, float64(d)/float64(time.Millisecond), 'f', 1, 64)
	}
	return string(out)
}
