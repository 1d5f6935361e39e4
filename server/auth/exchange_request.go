package auth

import (
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The identifiers of RFC 8693, sections 2.1 and 3.
const (
	grantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccessToken    = "urn:ietf:params:oauth:token-type:access_token"
	typeIDToken        = "urn:ietf:params:oauth:token-type:id_token"
	typeJWT            = "urn:ietf:params:oauth:token-type:jwt"
)

// ExchangeError is a refusal of a token exchange, to be sent as JSON with status
// 400 and Cache-Control: no-store (RFC 6749 section 5.2). It never carries any
// part of a token.
type ExchangeError struct {
	// Code is invalid_request, invalid_scope or unsupported_grant_type.
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// Error returns the code and the description.
func (e *ExchangeError) Error() string { return e.Code + ": " + e.Description }

func invalidRequest(description string) *ExchangeError {
	return &ExchangeError{Code: "invalid_request", Description: description}
}

// ExchangeRequest asks for a token that can do no more than another.
type ExchangeRequest struct {
	// SubjectToken is the token to be exchanged.
	SubjectToken string
	// Role is the role of the new token, "" for the same.
	Role string
	// ExpiresIn is how long the new token is to be valid, 0 for as long as can be.
	ExpiresIn time.Duration
	// Methods and Paths are what the new token is for, nil for all. Paths are as
	// in a request line; a last segment of * stands for any one.
	Methods, Paths []string
	// SingleUse asks for a token that may be used once.
	SingleUse bool
}

// ParseExchange reads the body of POST /auth/token (RFC 8693 section 2.1), with
// these parameters besides those there: role; expires_in, in seconds; methods and
// paths, lists with spaces between; single_use, true or false.
//
// Unlike RFC 6749 section 3.2 has it, an unknown parameter is an error: passed
// over, a misspelt restriction would give out a token that can do more than was
// asked for. The error is an *ExchangeError.
func ParseExchange(contentType, body string) (ExchangeRequest, error) {
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/x-www-form-urlencoded" {
		return ExchangeRequest{}, invalidRequest("the content type must be application/x-www-form-urlencoded")
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return ExchangeRequest{}, invalidRequest("the body is malformed")
	}
	known := []string{
		"grant_type", "subject_token", "subject_token_type", "requested_token_type", "role", "expires_in", "methods", "paths", "single_use",
	}
	for name, values := range form {
		switch {
		case name == "scope":
			return ExchangeRequest{}, &ExchangeError{Code: "invalid_scope", Description: "scope is not supported; use role, methods and paths"}
		case !slices.Contains(known, name):
			return ExchangeRequest{}, invalidRequest("a parameter is not supported; allowed: " + strings.Join(known, ", "))
		case len(values) > 1:
			return ExchangeRequest{}, invalidRequest(name + " is given several times")
		case values[0] == "":
			return ExchangeRequest{}, invalidRequest(name + " is empty")
		}
	}
	return readExchange(form)
}

// readExchange reads parameters that are known, given once and not empty.
func readExchange(form url.Values) (ExchangeRequest, error) {
	switch {
	case !form.Has("grant_type"):
		return ExchangeRequest{}, invalidRequest("grant_type is missing")
	case form.Get("grant_type") != grantTokenExchange:
		return ExchangeRequest{}, &ExchangeError{Code: "unsupported_grant_type", Description: "grant_type must be " + grantTokenExchange}
	case !form.Has("subject_token"):
		return ExchangeRequest{}, invalidRequest("subject_token is missing")
	case !slices.Contains([]string{typeAccessToken, typeIDToken, typeJWT}, form.Get("subject_token_type")):
		return ExchangeRequest{}, invalidRequest("subject_token_type must be " + typeAccessToken + ", or the same with id_token or jwt")
	case form.Has("requested_token_type") && !slices.Contains([]string{typeAccessToken, typeJWT}, form.Get("requested_token_type")):
		return ExchangeRequest{}, invalidRequest("requested_token_type must be " + typeAccessToken + ", or the same with jwt")
	}
	req := ExchangeRequest{SubjectToken: form.Get("subject_token"), Role: form.Get("role")}
	if form.Has("expires_in") {
		seconds, err := strconv.ParseUint(form.Get("expires_in"), 10, 31)
		if err != nil || seconds == 0 {
			return ExchangeRequest{}, invalidRequest("expires_in must be a whole number of seconds, 1 or more")
		}
		req.ExpiresIn = time.Duration(seconds) * time.Second
	}
	if form.Has("single_use") {
		switch form.Get("single_use") {
		case "true":
			req.SingleUse = true
		case "false":
		default:
			return ExchangeRequest{}, invalidRequest("single_use must be true or false")
		}
	}
	for name, list := range map[string]*[]string{"methods": &req.Methods, "paths": &req.Paths} {
		if form.Has(name) {
			if *list = strings.Fields(form.Get(name)); len(*list) == 0 {
				return ExchangeRequest{}, invalidRequest(name + " is empty")
			}
		}
	}
	if _, err := newRestrictions(req.Methods, req.Paths); err != nil {
		return ExchangeRequest{}, invalidRequest(err.Error())
	}
	return req, nil
}
