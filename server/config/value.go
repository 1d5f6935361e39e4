package config

import (
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type valueKind uint8

const (
	textValue valueKind = iota
	boolValue
	numberValue
	listValue
)

// value is the right-hand side of a setting, before a parameter gives it a type.
// The environment and the database know text only.
type value struct {
	kind valueKind
	// text is the string, "true" or "false", or the digits as written.
	text  string
	items []value
}

// coerceText is the value as text. PostgREST, where it wants a string and finds
// something else, takes the notation of its own data type for it: 13 becomes
// "Number 13.0". Nobody wants that, but a file which relies on it must read alike.
func (v value) coerceText() string {
	switch v.kind {
	case boolValue:
		if v.text == "true" {
			return "Bool True"
		}
		return "Bool False"
	case numberValue:
		return "Number " + scientific(v.text)
	case listValue:
		items := make([]string, len(v.items))
		for i, item := range v.items {
			if item.kind == textValue {
				items[i] = "String " + strconv.Quote(item.text)
			} else {
				items[i] = item.coerceText()
			}
		}
		return "List [" + strings.Join(items, ",") + "]"
	default:
		return v.text
	}
}

// coerceBool reads true and false in any case and with anything but letters
// about them, and whole numbers, of which those above 0 are true. Only a text
// counts as a number: a bare 1 in a file is none of these.
func (v value) coerceBool() (b, ok bool) {
	switch v.kind {
	case boolValue:
		return v.text == "true", true
	case textValue:
		letters := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, v.text)
		switch letters {
		case "true":
			return true, true
		case "false":
			return false, true
		}
		n, ok := new(big.Int).SetString(strings.TrimSpace(v.text), 0)
		return ok && n.Sign() > 0, ok
	default:
		return false, false
	}
}

// coerceInt reads a bare number without a fraction (1e3 and 10.0 are whole) or a
// text that is a whole number, also in hexadecimal (0x) and octal (0o).
func (v value) coerceInt() (int64, bool) {
	switch v.kind {
	case numberValue:
		return wholeNumber(v.text)
	case textValue:
		text := strings.TrimSpace(v.text)
		digits := strings.TrimPrefix(text, "-")
		prefix := strings.ToLower(digits[:min(2, len(digits))])
		if prefix == "0x" || prefix == "0o" {
			n, err := strconv.ParseInt(text, 0, 64)
			return n, err == nil
		}
		if strings.HasPrefix(digits, "+") {
			return 0, false
		}
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil
	default:
		return 0, false
	}
}

// wholeNumber reads digits, fraction and exponent exactly.
func wholeNumber(text string) (int64, bool) {
	mantissa, exponent, found := strings.Cut(strings.ToLower(text), "e")
	if found {
		// Beyond this an int64 is out of reach, and the number too long to compute.
		if e, err := strconv.Atoi(exponent); err != nil || e > 400 || e < -400 {
			return 0, false
		}
	}
	if utf8.RuneCountInString(mantissa) > 400 {
		return 0, false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok || !r.IsInt() || !r.Num().IsInt64() {
		return 0, false
	}
	return r.Num().Int64(), true
}

// scientific writes a number as Haskell does: always with a fraction, and with an
// exponent below 0.1 and from ten million on.
func scientific(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	if f == 0 || f >= 0.1 && f < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	e, err := strconv.Atoi(exponent)
	if err != nil {
		return text
	}
	return mantissa + "e" + strconv.Itoa(e)
}
