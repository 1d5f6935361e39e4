package server

import (
	"strconv"
	"time"
)

// timing is how long the steps of a request took, for the Server-Timing header (W3C Server Timing).
type timing struct {
	jwt, parse, plan, transaction, response time.Duration
}

func (t *timing) measure(d *time.Duration, began time.Time) { *d = time.Since(began) }

// header returns the header's value; durations are in milliseconds.
func (t *timing) header() string {
	out := make([]byte, 0, 96)
	for i, m := range [...]struct {
		name string
		d    time.Duration
	}{{"jwt", t.jwt}, {"parse", t.parse}, {"plan", t.plan}, {"transaction", t.transaction}, {"response", t.response}} {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = append(append(out, m.name...), ";dur="...)
		out = strconv.AppendFloat(out, float64(m.d)/float64(time.Millisecond), 'f', 1, 64)
	}
	return string(out)
}
