package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// newParameter makes a parameter of a type with three closures. It fills in what
// the default looks like.
func newParameter(name, doc string, p Parameter) Parameter {
	p.Name, p.Doc, p.Reloadable = name, doc, true
	var c Config
	p.reset(&c)
	p.Default = p.get(&c)
	return p
}

// boolean makes a parameter that is true or false.
func boolean(name string, field func(*Config) *bool, def bool, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		reset: func(c *Config) { *field(c) = def },
		set: func(c *Config, v value) *problem {
			b, ok := v.coerceBool()
			if !ok {
				return &problem{what: "this is neither true nor false", allowed: "true or false", tolerated: true}
			}
			*field(c) = b
			return nil
		},
		get: func(c *Config) string { return strconv.FormatBool(*field(c)) },
	})
}

// bounds are the least and the greatest number that a parameter takes.
type bounds struct{ least, most int64 }

// integer makes a parameter that is a whole number.
func integer[T int | int64](name string, field func(*Config) *T, def T, within bounds, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		reset: func(c *Config) { *field(c) = def },
		set: func(c *Config, v value) *problem {
			n, p := within.read(v)
			if p == nil {
				*field(c) = T(n)
			}
			return p
		},
		get: func(c *Config) string { return strconv.FormatInt(int64(*field(c)), 10) },
	})
}

// optional makes a parameter that is a whole number or not set.
func optional[T int | int64](name string, field func(*Config) **T, within bounds, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		reset: func(c *Config) { *field(c) = nil },
		set: func(c *Config, v value) *problem {
			n, p := within.read(v)
			if p == nil {
				t := T(n)
				*field(c) = &t
			}
			return p
		},
		get: func(c *Config) string {
			if *field(c) == nil {
				return `""`
			}
			return strconv.FormatInt(int64(**field(c)), 10)
		},
	})
}

// seconds makes a parameter that is a time in whole seconds.
func seconds(name string, field func(*Config) *time.Duration, def time.Duration, doc string) Parameter {
	return secondsWithin(name, field, def, bounds{0, maxSeconds}, doc)
}

// maxSeconds are 68 years; more would overflow a Duration in the end.
const maxSeconds = 1 << 31

// secondsWithin makes a parameter that is a time in whole seconds, within bounds.
func secondsWithin(name string, field func(*Config) *time.Duration, def time.Duration, within bounds, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		reset: func(c *Config) { *field(c) = def },
		set: func(c *Config, v value) *problem {
			n, p := within.read(v)
			if p == nil {
				*field(c) = time.Duration(n) * time.Second
			}
			return p
		},
		get: func(c *Config) string { return strconv.FormatInt(int64(*field(c)/time.Second), 10) },
	})
}

func (b bounds) read(v value) (int64, *problem) {
	allowed := fmt.Sprintf("a whole number from %d to %d", b.least, b.most)
	n, ok := v.coerceInt()
	if !ok {
		return 0, &problem{what: "this is no whole number", allowed: allowed, tolerated: true}
	}
	if n < b.least || n > b.most {
		return 0, &problem{what: fmt.Sprintf("%d is out of range", n), allowed: allowed}
	}
	return n, nil
}

// text makes a parameter that is a string. check may be nil.
func text[T ~string](name string, field func(*Config) *T, def T, check func(string) *problem, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		textual: true,
		reset:   func(c *Config) { *field(c) = def },
		set: func(c *Config, v value) *problem {
			if check != nil {
				if p := check(v.text); p != nil {
					return p
				}
			}
			*field(c) = T(v.text)
			return nil
		},
		get: func(c *Config) string { return quote(string(*field(c))) },
	})
}

// oneOf makes a parameter that takes one of a few texts.
func oneOf[T comparable](name string, field func(*Config) *T, choices []choice[T], def T, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		textual: true,
		reset:   func(c *Config) { *field(c) = def },
		set: func(c *Config, v value) *problem {
			var allowed []string
			for _, choice := range choices {
				if choice.text == v.text {
					*field(c) = choice.value
					return nil
				}
				allowed = append(allowed, choice.text)
			}
			// The first two sentences are PostgREST's.
			what := fmt.Sprintf("Invalid %s. Check your configuration. Unknown value %q", name, v.text)
			return &problem{what: what, allowed: strings.Join(allowed, ", ")}
		},
		get: func(c *Config) string {
			for _, choice := range choices {
				if choice.value == *field(c) {
					return quote(choice.text)
				}
			}
			return quote("")
		},
	})
}

// list makes a parameter of texts between commas. Spaces about them and empty
// ones between two commas are dropped. check may be nil.
func list(name string, field func(*Config) *[]string, def []string, check func([]string) *problem, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		textual: true,
		reset:   func(c *Config) { *field(c) = def },
		set: func(c *Config, v value) *problem {
			var items []string
			for item := range strings.SplitSeq(v.text, ",") {
				if item = strings.TrimSpace(item); item != "" {
					items = append(items, item)
				}
			}
			if check != nil {
				if p := check(items); p != nil {
					return p
				}
			}
			*field(c) = items
			return nil
		},
		get: func(c *Config) string { return quote(strings.Join(*field(c), ",")) },
	})
}

// function makes a parameter that names a database function.
func function(name string, field func(*Config) *FunctionName, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		textual: true,
		reset:   func(c *Config) { *field(c) = FunctionName{} },
		set: func(c *Config, v value) *problem {
			f := parseFunctionName(v.text)
			if f.Name == "" {
				return &problem{what: fmt.Sprintf("%q names no function", v.text), allowed: "function or schema.function, without quotes"}
			}
			*field(c) = f
			return nil
		},
		get: func(c *Config) string { return quote(field(c).String()) },
	})
}

// quote writes text as a file does, so that it reads back the same.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", "$$", "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(text) + `"`
}
