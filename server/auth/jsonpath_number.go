package auth

import (
	"math"
	"strconv"
	"strings"
)

// decimal is a JSON number as sign * 0.digits * 10^exponent, where digits has
// no zero at either end. Zero has no digits and sign 0.
type decimal struct {
	sign     int
	digits   string
	exponent int64
}

// compareNumbers compares two JSON numbers without rounding, whatever their
// size: two identifiers beyond 2^53 must not be taken for the same.
func compareNumbers(a, b string) int {
	x, y := parseDecimal(a), parseDecimal(b)
	switch {
	case x.sign != y.sign:
		return x.sign - y.sign
	case x.exponent < y.exponent:
		return -x.sign
	case x.exponent > y.exponent:
		return x.sign
	}
	return x.sign * strings.Compare(x.digits, y.digits)
}

func parseDecimal(literal string) decimal {
	d := decimal{sign: 1}
	mantissa, exponent := literal, ""
	if i := strings.IndexAny(literal, "eE"); i >= 0 {
		mantissa, exponent = literal[:i], literal[i+1:]
	}
	if rest, negative := strings.CutPrefix(mantissa, "-"); negative {
		mantissa, d.sign = rest, -1
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := whole + fraction
	d.digits = strings.TrimLeft(all, "0")
	d.exponent = int64(len(whole) - (len(all) - len(d.digits)))
	d.digits = strings.TrimRight(d.digits, "0")
	if d.digits == "" {
		return decimal{}
	}
	if exponent != "" {
		// Beyond 64 bits ParseInt returns the nearest limit; halving it leaves
		// room for the sum.
		e, _ := strconv.ParseInt(exponent, 10, 64)
		d.exponent += min(max(e, math.MinInt64/2), math.MaxInt64/2)
	}
	return d
}
