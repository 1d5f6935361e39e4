package auth

// rolePath finds the role in a token's claims.
type rolePath interface {
	// first returns the first value at the path, or nil if there is none.
	first(claims *value) *value
}

// parseRoleClaimKey reads jwt-role-claim-key, also in the dotted form that
// PostgREST used before version 16 and still takes.
func parseRoleClaimKey(text string) (rolePath, error) {
	if text != "" && text[0] == '$' {
		path, err := parseJSONPath(text)
		if err != nil {
			return nil, err
		}
		return path, nil
	}
	dotted, err := parseDottedPath(text)
	if err != nil {
		return nil, err
	}
	return dotted, nil
}
