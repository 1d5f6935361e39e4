package auth

import "strconv"

// The codes of this package's errors. The first four and their messages are
// PostgREST's (page "Errors", group 3).
const (
	// CodeSecretMissing means a token came but no key is configured. Status 500.
	CodeSecretMissing = "PGRST300"
	// CodeToken means the token could not be decoded or verified. Status 401.
	CodeToken = "PGRST301"
	// CodeTokenRequired means there is no token, or none with a role, and no
	// anonymous role. Status 401.
	CodeTokenRequired = "PGRST302"
	// CodeClaims means the claims are malformed, out of their time or for
	// another audience. Status 401.
	CodeClaims = "PGRST303"
	// CodeRole means the claims are valid but name a role that may never be
	// assumed. PostgREST has no such error. Status 403.
	CodeRole = "PSTRN301"
	// CodeKeysUnavailable means the keys of the token's issuer could not be
	// fetched yet, so that nobody can say whether it is valid. PostgREST has no
	// such error. Status 503: a 401 would tell the client to throw the token away.
	CodeKeysUnavailable = "PSTRN302"
	// CodeCrossSite means a request with the token in a cookie may have been
	// made by a page of another site. PostgREST has no such error. Status 403.
	CodeCrossSite = "PSTRN303"
	// CodeRestricted means the token is not for this method and path. PostgREST
	// has no such error. Status 403.
	CodeRestricted = "PSTRN304"
)

// Error is a refusal, made of the four members of PostgREST's error bodies and
// the challenge that goes with them. It never carries any part of a token, a
// claim's value or a key, so it may be logged and sent as it is.
type Error struct {
	Code    string // one of the Code constants
	Message string
	Details string // "" stands for null
	Hint    string // "" stands for null

	// Challenge is the value of the WWW-Authenticate header (RFC 6750 section
	// 3), or "" if the answer has none.
	Challenge string
}

// Error returns the code and the message, with the details if there are any.
func (e *Error) Error() string {
	if e.Details == "" {
		return e.Code + ": " + e.Message
	}
	return e.Code + ": " + e.Message + ": " + e.Details
}

func secretMissing() *Error {
	return &Error{Code: CodeSecretMissing, Message: "Server lacks JWT secret"}
}

func tokenRequired() *Error {
	return &Error{Code: CodeTokenRequired, Message: "Anonymous access is disabled", Challenge: "Bearer"}
}

func tokenError(message, details string) *Error {
	return &Error{Code: CodeToken, Message: message, Details: details, Challenge: challenge("invalid_token", message)}
}

// malformed is the error for a token that is not a JWS in compact form with a
// header this package accepts.
func malformed(details string) *Error {
	return tokenError("JWT cryptographic operation failed", details)
}

func unsuitableKey(details string) *Error {
	return tokenError("No suitable key or wrong key type", details)
}

func claimsError(message, details string) *Error {
	return &Error{Code: CodeClaims, Message: message, Details: details, Challenge: challenge("invalid_token", message)}
}

func roleError(details string) *Error {
	const message = "The role in the JWT is not allowed"
	return &Error{Code: CodeRole, Message: message, Details: details, Challenge: challenge("insufficient_scope", message)}
}

func keysUnavailable() *Error {
	return &Error{
		Code: CodeKeysUnavailable, Message: "The keys of the JWT's issuer are not available",
		Details: "They could not be fetched yet", Hint: "Try again in a few seconds",
	}
}

func crossSite(details string) *Error {
	return &Error{
		Code: CodeCrossSite, Message: "The request may come from a page of another site", Details: details,
		Hint: "Send the token in the Authorization header, or call from a page of the same origin",
	}
}

func restricted() *Error {
	const message = "The JWT is not for this method and path"
	return &Error{Code: CodeRestricted, Message: message, Challenge: challenge("insufficient_scope", message)}
}

// challenge writes a WWW-Authenticate value. Messages are fixed ASCII texts,
// for which strconv.Quote writes the quoted-string of RFC 9110.
func challenge(code, message string) string {
	return `Bearer error="` + code + `", error_description=` + strconv.Quote(message)
}
