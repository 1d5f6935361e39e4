package auth

// rolePath finds the role in a token's claims.
type rolePath interface {
	// first returns the first value at the path, or nil if there is none.
	first(claims *value) *value
}

// parseRoleClaimKey reads jwt-role-claim-key. old is true for the dotted form
// that PostgREST used before version 16 and still takes.
func parseRoleClaimKey(text string) (path rolePath, old bool, err error) {
	if text != "" && text[0] == '$' {
		path, err := parseJSONPath(text)
		if err != nil {
			return nil, false, err
		}
		return path, false, nil
	}
	dotted, err := parseDottedPath(text)
	if err != nil {
		return nil, false, err
	}
	return dotted, true, nil
}
