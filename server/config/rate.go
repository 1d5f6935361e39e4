package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is how many requests are let through in a period. The zero value is no limit.
type Rate struct {
	Requests int64 // at least 1, unless there is no limit
	Period   time.Duration
}

// ratePeriods are the periods of a rate, as they are written.
var ratePeriods = []choice[time.Duration]{{"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}}

const rateForm = "requests/s, requests/m or requests/h, such as 100/s, or 0 for no limit"

// maxRate keeps a rate far below what a float64 counts exactly.
const maxRate = 1_000_000_000

func parseRate(text string) (Rate, *problem) {
	text = strings.TrimSpace(text)
	if text == "0" {
		return Rate{}, nil
	}
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n < 0 || n > maxRate {
		return Rate{}, &problem{what: fmt.Sprintf("%q is no rate", text), allowed: rateForm}
	}
	for _, period := range ratePeriods {
		if period.text == strings.TrimSpace(unit) {
			if n == 0 {
				return Rate{}, nil
			}
			return Rate{n, period.value}, nil
		}
	}
	return Rate{}, &problem{what: fmt.Sprintf("%q is no rate", text), allowed: rateForm}
}

// String writes the rate as a file does.
func (r Rate) String() string {
	for _, period := range ratePeriods {
		if period.value == r.Period {
			return strconv.FormatInt(r.Requests, 10) + "/" + period.text
		}
	}
	return "0"
}

// rate makes a parameter that is a number of requests in a period.
func rate(name string, field func(*Config) *Rate, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		reset: func(c *Config) { *field(c) = Rate{} },
		set: func(c *Config, v value) *problem {
			if v.kind != textValue && v.kind != numberValue {
				return &problem{what: "this is no rate", allowed: rateForm}
			}
			r, p := parseRate(v.text)
			if p == nil {
				*field(c) = r
			}
			return p
		},
		get: func(c *Config) string { return quote(field(c).String()) },
	})
}
