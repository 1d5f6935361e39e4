package auth

import (
	"slices"
	"strings"
)

// RoleMapping gives the database role of a caller who is in a group.
type RoleMapping struct {
	// Group is a group, role or scope as the issuer calls it. "*" stands for
	// every token of the issuer.
	Group string
	// Role is the database role.
	Role string
}

// anyGroup is the Group that every token is in.
const anyGroup = "*"

// mapRole returns the role of the first mapping whose group is among those at
// the role path, or "" if there is none.
func (t *trust) mapRole(claims *value) (string, *Error) {
	groups, refusal := groupsOf(claims, t.rolePath.first(claims))
	if refusal != nil {
		return "", refusal
	}
	for _, m := range t.roleMap {
		if m.Group == anyGroup || slices.Contains(groups, m.Group) {
			return m.Role, nil
		}
	}
	return "", nil
}

// groupsOf reads a list of groups. A text is one group, whatever spaces it has;
// only the claims scope and scp are lists with spaces between, by RFC 8693
// section 4.2 and Microsoft's habit.
func groupsOf(claims, found *value) ([]string, *Error) {
	if found == nil || found.kind == kindNull {
		return nil, nil
	}
	if found.kind == kindString {
		if found == claims.get("scope") || found == claims.get("scp") {
			return strings.Fields(found.text), nil
		}
		return []string{found.text}, nil
	}
	if found.kind != kindArray {
		return nil, roleError("the claim with the groups is neither a string nor an array of strings")
	}
	groups := make([]string, 0, len(found.elems))
	for i := range found.elems {
		if found.elems[i].kind != kindString {
			return nil, roleError("the claim with the groups is neither a string nor an array of strings")
		}
		groups = append(groups, found.elems[i].text)
	}
	return groups, nil
}
