package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// RolesByAction maps a token's role and an action to the role that runs it. What it does not name runs as the token's role.
type RolesByAction map[string]map[string]string

// roleActions are the actions that db-role-by-action may name. A PUT, and a POST that merges duplicates, is a create.
var roleActions = []string{"call", "create", "delete", "read", "update"}

// Role returns the role that runs an action for a token's role.
func (m RolesByAction) Role(role, action string) string {
	if to, ok := m[role][action]; ok {
		return to
	}
	return role
}

// parseRolesByAction reads "role: action=role, action=role; role: …", or for names with other characters the same as a JSON
// object of objects.
func parseRolesByAction(text string) (RolesByAction, *problem) {
	out := RolesByAction{}
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			return nil, &problem{what: "this is no JSON object of objects", allowed: rolesByActionForm}
		}
	} else if p := out.parse(text); p != nil {
		return nil, p
	}
	for role, actions := range out {
		for action, to := range actions {
			if !slices.Contains(roleActions, action) {
				return nil, &problem{
					what: fmt.Sprintf("%q is no action", action), allowed: "among " + strings.Join(roleActions, ", "),
				}
			}
			if role == "" || to == "" {
				return nil, &problem{what: "the name of a role is empty", allowed: rolesByActionForm}
			}
		}
	}
	return out, nil
}

const rolesByActionForm = "role: action=role, action=role; role: …"

func (m RolesByAction) parse(text string) *problem {
	for entry := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		role, list, ok := strings.Cut(entry, ":")
		if !ok {
			return &problem{what: fmt.Sprintf("%q has no colon", strings.TrimSpace(entry)), allowed: rolesByActionForm}
		}
		role = strings.TrimSpace(role)
		if m[role] != nil {
			return &problem{what: fmt.Sprintf("the role %q is named twice", role), allowed: rolesByActionForm}
		}
		m[role] = map[string]string{}
		for item := range strings.SplitSeq(list, ",") {
			action, to, ok := strings.Cut(item, "=")
			action = strings.TrimSpace(action)
			if _, twice := m[role][action]; !ok || twice {
				return &problem{what: fmt.Sprintf("%q is not action=role, or repeats one", strings.TrimSpace(item)), allowed: rolesByActionForm}
			}
			m[role][action] = strings.TrimSpace(to)
		}
	}
	return nil
}

// String returns the JSON form, which holds any name.
func (m RolesByAction) String() string {
	if len(m) == 0 {
		return ""
	}
	out, err := json.Marshal(m)
	if err != nil { // maps of strings always encode
		return ""
	}
	return string(out)
}

// rolesByAction makes the parameter db-role-by-action.
func rolesByAction(name string, field func(*Config) *RolesByAction, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		textual: true,
		reset:   func(c *Config) { *field(c) = nil },
		set: func(c *Config, v value) *problem {
			m, p := parseRolesByAction(v.text)
			if p == nil {
				*field(c) = m
			}
			return p
		},
		get: func(c *Config) string { return quote(field(c).String()) },
	})
}
