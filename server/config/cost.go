package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// CostLimits are the highest costs that the planner may estimate for a read, by the role that runs it; 0 is no limit. AnyRole
// stands for the roles that are not named.
type CostLimits map[string]float64

// AnyRole is the name that stands for all other roles.
const AnyRole = "*"

// Of returns the limit of a role, 0 for none.
func (l CostLimits) Of(role string) float64 {
	if limit, ok := l[role]; ok {
		return limit
	}
	return l[AnyRole]
}

const costForm = "a cost, role=cost between commas, where * is any other role, or a JSON object of roles and costs; a cost is a number from 0 on"

// parseCostLimits reads "10000" for all roles, "anon=10000, *=100000", or for names with other characters a JSON object.
func parseCostLimits(text string) (CostLimits, *problem) {
	out := CostLimits{}
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			return nil, &problem{what: "this is no JSON object of numbers", allowed: costForm}
		}
		for role, cost := range out {
			if role == "" || cost < 0 {
				return nil, &problem{what: fmt.Sprintf("the cost of %q is no cost of a role", role), allowed: costForm}
			}
		}
		return out, nil
	}
	for item := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		role, number, named := strings.Cut(item, "=")
		if !named {
			role, number = AnyRole, item
		}
		role, number = strings.TrimSpace(role), strings.TrimSpace(number)
		cost, err := strconv.ParseFloat(number, 64)
		switch _, twice := out[role]; {
		case role == "" || err != nil || !(cost >= 0 && cost <= maxCost):
			return nil, &problem{what: fmt.Sprintf("%q is not role=cost", strings.TrimSpace(item)), allowed: costForm}
		case twice:
			return nil, &problem{what: fmt.Sprintf("the role %q is named twice", role), allowed: costForm}
		}
		out[role] = cost
	}
	return out, nil
}

// maxCost is more than any plan costs.
const maxCost = 1e300

// String writes the limits as a file does, in the order of the roles' names.
func (l CostLimits) String() string {
	items := make([]string, 0, len(l))
	for _, role := range slices.Sorted(maps.Keys(l)) {
		if strings.ContainsAny(role, `,= "`) {
			out, err := json.Marshal(l)
			if err != nil { // numbers and texts always encode
				return ""
			}
			return string(out)
		}
		items = append(items, role+"="+strconv.FormatFloat(l[role], 'g', -1, 64))
	}
	return strings.Join(items, ", ")
}

// costLimits makes the parameter db-max-cost.
func costLimits(name string, field func(*Config) *CostLimits, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		reset: func(c *Config) { *field(c) = nil },
		set: func(c *Config, v value) *problem {
			if v.kind != textValue && v.kind != numberValue {
				return &problem{what: "this is no cost", allowed: costForm}
			}
			limits, p := parseCostLimits(v.text)
			if p == nil {
				*field(c) = limits
			}
			return p
		},
		get: func(c *Config) string { return quote(field(c).String()) },
	})
}
