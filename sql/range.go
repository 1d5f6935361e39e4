package sql

import (
	"math"
	"strconv"
	"strings"
)

// Range is a range of rows: from Lower on, and if Bounded up to and including Upper.
type Range struct {
	Lower   int64
	Upper   int64
	Bounded bool
}

// Limit returns the number of rows in a bounded range; it is negative for a range that was asked for with a negative limit.
func (r Range) Limit() int64 { return r.Upper - r.Lower + 1 }

// IsAll reports whether the range holds all rows.
func (r Range) IsAll() bool { return r.Lower == 0 && !r.Bounded }

func (r Range) empty() bool { return r.Bounded && r.Upper < r.Lower }

func (r Range) limitZero() bool { return r.Bounded && r.Upper == -1 }

func (r Range) intersect(o Range) Range {
	if r.empty() || o.empty() {
		return Range{Lower: 1, Upper: 0, Bounded: true}
	}
	out := Range{Lower: max(r.Lower, o.Lower)}
	switch {
	case r.Bounded && o.Bounded:
		out.Upper, out.Bounded = min(r.Upper, o.Upper), true
	case r.Bounded:
		out.Upper, out.Bounded = r.Upper, true
	case o.Bounded:
		out.Upper, out.Bounded = o.Upper, true
	}
	return out
}

// restrict bounds the range to rows rows from its beginning; 0 does not bound it.
func (r Range) restrict(rows int64) Range {
	if rows <= 0 {
		return r
	}
	if r.limitZero() {
		return Range{Upper: -1, Bounded: true}
	}
	top := Range{Lower: math.MinInt64, Upper: r.Lower + rows - 1, Bounded: true}
	return r.intersect(top)
}

// farAway bounds numbers in ranges, so that sums of two cannot overflow.
const farAway = math.MaxInt64 / 4

func parseInteger(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil && !strings.Contains(err.Error(), "out of range") {
		return 0, false
	}
	if strings.HasPrefix(s, "+") {
		return 0, false
	}
	return min(max(n, -farAway), farAway), true
}

type rangeParameters struct {
	limit, offset       Range
	hasLimit, hasOffset bool
}

func (p *rangeParameters) setLimit(value string) {
	p.limit, p.hasLimit = Range{}, true
	if n, ok := parseInteger(value); ok {
		p.limit = Range{Upper: n - 1, Bounded: true}
	}
}

func (p *rangeParameters) setOffset(value string) {
	p.offset, p.hasOffset = Range{}, true
	if n, ok := parseInteger(value); ok {
		p.offset = Range{Lower: n}
	}
}

// combined returns the range that limit= and offset= make together.
func (p *rangeParameters) combined() Range {
	switch {
	case p.hasLimit && p.hasOffset:
		var rows int64
		if p.limit.Bounded {
			rows = p.limit.Limit()
		}
		return Range{Lower: p.offset.Lower, Upper: p.offset.Lower + rows - 1, Bounded: true}
	case p.hasLimit:
		return p.limit
	default:
		return p.offset
	}
}

// parseRangeHeader reads "lower-upper" or "lower-"; anything else asks for all rows.
func parseRangeHeader(value string) Range {
	lower, upper, ok := strings.Cut(value, "-")
	if !ok || !isDigits(lower) || upper != "" && !isDigits(upper) {
		return Range{}
	}
	l, _ := parseInteger(lower)
	r := Range{Lower: l}
	if upper != "" {
		u, _ := parseInteger(upper)
		r.Upper, r.Bounded = u, true
	}
	return r
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// topRange joins the Range header of a GET with limit= and offset= of the top level.
func topRange(method, header string, limitRange Range) (Range, *Error) {
	var headerRange Range
	if method == "GET" && header != "" {
		headerRange = parseRangeHeader(header)
	}
	top := headerRange.intersect(limitRange)
	if limitRange.limitZero() {
		top = Range{Upper: -1, Bounded: true}
	}
	if top.empty() && !limitRange.limitZero() {
		e := &Error{
			Code: CodeInvalidRange, Message: "Requested range not satisfiable",
			Details: "Limit should be greater than or equal to zero.",
		}
		if headerRange.empty() {
			e.Details = "The lower boundary must be lower than or equal to the upper boundary in the Range header."
		}
		return top, e
	}
	if method == "PUT" && !top.IsAll() {
		return top, &Error{Code: CodePutLimit, Message: "limit/offset querystring parameters are not allowed for PUT"}
	}
	return top, nil
}
