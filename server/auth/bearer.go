package auth

import "strings"

// bearer takes the token from the values of the Authorization header. present
// is false when there is no header or its scheme is not Bearer: such a caller
// is anonymous, as in PostgREST.
//
// Two headers are refused: proxies and servers differ in which one they read.
func bearer(authorization []string) (token string, present bool, refusal *Error) {
	switch len(authorization) {
	case 0:
		return "", false, nil
	case 1:
	default:
		return "", false, tokenError("Expected one Authorization header", "several were sent")
	}
	scheme, rest := authorization[0], ""
	if i := strings.IndexAny(scheme, " \t"); i >= 0 {
		scheme, rest = scheme[:i], scheme[i:]
	}
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false, nil
	}
	return strings.Trim(rest, " \t"), true, nil
}
