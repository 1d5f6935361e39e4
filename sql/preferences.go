package sql

import (
	"slices"
	"strconv"
	"strings"
)

// Preferences are what the Prefer headers ask for (RFC 7240; PostgREST reference, Preferences). Of each kind the first one
// counts; an empty value means that none was sent.
type Preferences struct {
	Resolution     string // merge-duplicates, ignore-duplicates
	Representation string // representation, headers-only, minimal
	Count          string // exact, planned, estimated
	Transaction    string // commit, rollback
	Missing        string // default, null
	Handling       string // strict, lenient
	TimeZone       string
	HasTimeZone    bool
	MaxAffected    int64
	HasMaxAffected bool
	Invalid        []string // those that are not known

	seenMaxAffected bool // even if it is no number
}

// Strict reports whether unknown preferences are errors, and max-affected is a limit.
func (p *Preferences) Strict() bool { return p.Handling == "strict" }

// CountsExactly reports whether the total of all rows is to be counted.
func (p *Preferences) CountsExactly() bool { return p.Count == "exact" || p.Count == "estimated" }

// countsByPlan reports whether the planner's estimate of the total is needed.
func (p *Preferences) countsByPlan() bool { return p.Count == "planned" || p.Count == "estimated" }

var knownPreferences = map[string][]string{
	"resolution": {"merge-duplicates", "ignore-duplicates"},
	"return":     {"representation", "headers-only", "minimal"},
	"count":      {"exact", "planned", "estimated"},
	"tx":         {"commit", "rollback"},
	"missing":    {"default", "null"},
	"handling":   {"strict", "lenient"},
}

// parsePreferences reads the values of all Prefer headers. allowTransaction tells whether tx= is heeded.
func parsePreferences(headers []string, allowTransaction bool) Preferences {
	var p Preferences
	for _, header := range headers {
		if header == "" {
			continue
		}
		for pref := range strings.SplitSeq(header, ",") {
			p.add(strings.TrimSpace(pref), allowTransaction)
		}
	}
	return p
}

func (p *Preferences) add(pref string, allowTransaction bool) {
	name, value, _ := strings.Cut(pref, "=")
	switch name {
	case "timezone":
		if strings.Contains(pref, "=") {
			if !p.HasTimeZone {
				p.TimeZone, p.HasTimeZone = value, true
			}
			return
		}
	case "max-affected":
		if strings.Contains(pref, "=") {
			if !p.seenMaxAffected {
				n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
				p.MaxAffected, p.HasMaxAffected, p.seenMaxAffected = n, err == nil, true
			}
			return
		}
	}
	if !slices.Contains(knownPreferences[name], value) {
		p.Invalid = append(p.Invalid, pref)
		return
	}
	var field *string
	switch name {
	case "resolution":
		field = &p.Resolution
	case "return":
		field = &p.Representation
	case "count":
		field = &p.Count
	case "tx":
		if !allowTransaction {
			return
		}
		field = &p.Transaction
	case "missing":
		field = &p.Missing
	default:
		field = &p.Handling
	}
	if *field == "" {
		*field = value
	}
}

// Applied returns the value of Preference-Applied for those that took effect in a plan, or "".
func (p *Preferences) Applied() string {
	var out []string
	add := func(name, value string) {
		if value != "" {
			out = append(out, name+"="+value)
		}
	}
	add("resolution", p.Resolution)
	add("missing", p.Missing)
	add("return", p.Representation)
	add("count", p.Count)
	add("tx", p.Transaction)
	add("handling", p.Handling)
	if p.HasTimeZone {
		out = append(out, "timezone="+p.TimeZone)
	}
	if p.Strict() && p.HasMaxAffected {
		out = append(out, "max-affected="+strconv.FormatInt(p.MaxAffected, 10))
	}
	return strings.Join(out, ", ")
}
