package audit

import (
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// Entry is what the log keeps of one request. All text is cut to about 1,024 bytes of the line, marked by "…"; what is
// not printable is escaped as JSON escapes it; invalid UTF-8 and NUL become U+FFFD.
type Entry struct {
	Time      time.Time     // when the request came; the zero time stands for now
	RequestID string        // X-Request-Id, or the id given to the request
	Subject   string        // the token's sub; "" if there is none
	Issuer    string        // the token's iss; "" if there is none
	TokenID   string        // the token's jti, never the token; "" if there is none
	Role      string        // the database role that the request ran as; "" if it got none
	Action    string        // read, create, update, upsert, delete, call, describe, exchange…
	Schema    string        // of Resource
	Resource  string        // the relation or function
	Filters   []string      // names of the columns that filters use, never values; at most 100 are kept
	Rows      int64         // rows read or affected; negative if not known, which is written as null
	Status    int           // the HTTP status of the answer
	Code      string        // the error's code: a SQLSTATE or PGRST…; "" without an error
	Duration  time.Duration // until the answer was written, kept to the microsecond
	Remote    string        // the client's address
}

const (
	fieldBytes   = 1024     // of one field, as written
	maxFilters   = 100      // names
	filtersBytes = 4 * 1024 // of all filters, as written
	ellipsis     = "…"      // stands for what was cut
	lineBytes    = 512      // that most lines fit into
)

// timeLayout is RFC 3339 with microseconds, which is what timestamptz keeps. The width is fixed, so lines sort as text.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// append adds the entry's members to a JSON object that is open, closes it and ends the line.
func (e *Entry) append(b []byte) []byte {
	at := e.Time
	if at.IsZero() {
		at = time.Now()
	}
	b = append(b, `"time":"`...)
	b = at.UTC().AppendFormat(b, timeLayout)
	b = append(b, `","request_id":`...)
	b = appendString(b, e.RequestID, fieldBytes)
	b = append(b, `,"subject":`...)
	b = appendString(b, e.Subject, fieldBytes)
	b = append(b, `,"issuer":`...)
	b = appendString(b, e.Issuer, fieldBytes)
	b = append(b, `,"token_id":`...)
	b = appendString(b, e.TokenID, fieldBytes)
	b = append(b, `,"role":`...)
	b = appendString(b, e.Role, fieldBytes)
	b = append(b, `,"action":`...)
	b = appendString(b, e.Action, fieldBytes)
	b = append(b, `,"schema":`...)
	b = appendString(b, e.Schema, fieldBytes)
	b = append(b, `,"resource":`...)
	b = appendString(b, e.Resource, fieldBytes)
	b = append(b, `,"filters":`...)
	b = appendNames(b, e.Filters)
	b = append(b, `,"rows":`...)
	if e.Rows < 0 {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, e.Rows, 10)
	}
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(e.Status), 10)
	b = append(b, `,"code":`...)
	b = appendString(b, e.Code, fieldBytes)
	b = append(b, `,"duration_ms":`...)
	b = appendMilliseconds(b, e.Duration)
	b = append(b, `,"remote":`...)
	b = appendString(b, e.Remote, fieldBytes)
	return append(b, "}\n"...)
}

func appendNames(b []byte, names []string) []byte {
	b = append(b, '[')
	start := len(b)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		if i == maxFilters || len(b)-start > filtersBytes-fieldBytes {
			b = appendString(b, ellipsis, fieldBytes)
			break
		}
		b = appendString(b, name, fieldBytes)
	}
	return append(b, ']')
}

// appendMilliseconds writes a duration as milliseconds with three decimals. Clocks that go backwards give 0.
func appendMilliseconds(b []byte, d time.Duration) []byte {
	us := max(d.Microseconds(), 0)
	b = strconv.AppendInt(b, us/1000, 10)
	us %= 1000
	return append(b, '.', byte('0'+us/100), byte('0'+us/10%10), byte('0'+us%10))
}

// appendString writes s as a JSON string of printable characters, whose content takes at most limit bytes and a mark where
// it was cut. Escaped are control characters (C0, C1, DEL), the line separators U+2028 and U+2029, the marks that turn the
// direction of text, and all else that shows nothing or shows as something else.
func appendString(b []byte, s string, limit int) []byte {
	b = append(b, '"')
	if len(s) <= limit && plain(s) {
		b = append(b, s...)
		return append(b, '"')
	}
	start := len(b)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		before := len(b)
		b = appendRune(b, r)
		if len(b)-start > limit {
			b = append(b[:before], ellipsis...)
			break
		}
		i += size
	}
	return append(b, '"')
}

// plain reports whether s is ASCII that JSON takes as it is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func appendRune(b []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(b, '\\', byte(r))
	case r == 0: // which PostgreSQL cannot keep
		return utf8.AppendRune(b, utf8.RuneError)
	case unicode.IsPrint(r):
		return utf8.AppendRune(b, r)
	case r > 0xffff:
		r -= 0x10000
		return appendEscape(appendEscape(b, 0xd800+r>>10), 0xdc00+r&0x3ff)
	}
	return appendEscape(b, r)
}

// appendEscape writes one UTF-16 unit as \uXXXX.
func appendEscape(b []byte, unit rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[unit>>12&15], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
}

// toASCII gives a line in which question marks stand for all characters but those of ASCII, for databases whose encoding has
// no others.
func toASCII(line []byte) []byte {
	out := make([]byte, 0, len(line))
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == '\\' && line[i+1] == 'u':
			out = append(out, '?')
			i += len(`\u0000`)
		case c == '\\':
			out = append(out, c, line[i+1])
			i += 2
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			_, size := utf8.DecodeRune(line[i:])
			out = append(out, '?')
			i += size
		}
	}
	return out
}
