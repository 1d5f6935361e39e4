package auth

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// restrictionsClaim is the claim that restrictions travel in:
//
//	"postern": {"methods": ["GET"], "paths": ["/orders", "/rpc/*"], "single_use": true}
//
// Token exchange writes it, but whoever signs tokens may, since it can only
// take away. Each member may be missing; one that is unknown refuses the token.
const restrictionsClaim = "postern"

// Restrictions say which requests a token is for. nil is for all requests. It is
// immutable.
type Restrictions struct {
	methods []string
	paths   []pathPattern
}

// Allows reports whether a request with this method and path may be made. GET
// stands for HEAD too. path is as in the request line, with its escapes, so as
// [net/url.URL.EscapedPath] gives it. Restrictions end at the path: what a
// request may embed or call behind it, and in which schema, the role decides.
func (r *Restrictions) Allows(method, path string) bool {
	if r == nil {
		return true
	}
	if r.methods != nil && !slices.Contains(r.methods, method) &&
		(method != http.MethodHead || !slices.Contains(r.methods, http.MethodGet)) {
		return false
	}
	if r.paths == nil {
		return true
	}
	segments, err := splitPath(path)
	return err == nil && slices.ContainsFunc(r.paths, func(p pathPattern) bool { return p.matches(segments) })
}

// pathPattern is a path with its segments unescaped.
type pathPattern struct {
	segments []string
	// open lets any one segment follow.
	open bool
}

// parsePathPattern reads a path as it stands in a request line. A last segment
// of "*" stands for any one.
func parsePathPattern(text string) (pathPattern, error) {
	before, open := strings.CutSuffix(text, "/*")
	if open && before == "" {
		return pathPattern{open: true}, nil
	}
	segments, err := splitPath(before)
	return pathPattern{segments, open}, err
}

func (p *pathPattern) matches(segments []string) bool {
	if p.open {
		return len(segments) == len(p.segments)+1 && segments[len(segments)-1] != "" &&
			slices.Equal(p.segments, segments[:len(segments)-1])
	}
	return slices.Equal(p.segments, segments)
}

// splitPath takes a path apart as a router that unescapes each segment does.
// "/" has one segment, which is empty.
func splitPath(path string) ([]string, error) {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil, errors.New("it does not begin with /")
	}
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		unescaped, err := url.PathUnescape(s)
		if err != nil {
			return nil, errors.New("it has a malformed escape")
		}
		if unescaped == "." || unescaped == ".." {
			return nil, errors.New("it has a segment of dots")
		}
		segments[i] = unescaped
	}
	return segments, nil
}

// newRestrictions checks lists of which nil stands for all.
func newRestrictions(methods, paths []string) (*Restrictions, error) {
	if methods == nil && paths == nil {
		return nil, nil
	}
	r := &Restrictions{methods: methods}
	for _, m := range methods {
		if !isMethod(m) {
			return nil, errors.New("methods must be upper-case names such as GET")
		}
	}
	for _, text := range paths {
		p, err := parsePathPattern(text)
		if err != nil {
			return nil, errors.New("a path cannot be used: " + err.Error())
		}
		r.paths = append(r.paths, p)
	}
	return r, nil
}

func isMethod(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < 'A' || r > 'Z' })
}

// readRestrictions reads the claim. What it does not understand it refuses,
// since it could not enforce it.
func readRestrictions(claims *value) (r *Restrictions, singleUse bool, refusal *Error) {
	claim := claims.get(restrictionsClaim)
	if claim == nil {
		return nil, false, nil
	}
	bad := func(details string) (*Restrictions, bool, *Error) {
		return nil, false, claimsError("The JWT 'postern' claim cannot be understood", details)
	}
	if claim.kind != kindObject {
		return bad("it must be an object")
	}
	var methods, paths []string
	for i := range claim.members {
		val := &claim.members[i].value
		var err error
		switch claim.members[i].name {
		case "methods":
			methods, err = val.asTexts()
		case "paths":
			paths, err = val.asTexts()
		case "single_use":
			if val.kind != kindBool {
				return bad("single_use must be true or false")
			}
			singleUse = val.text == "true"
		case "subject_issuer":
			// For the record only.
		default:
			return bad("it has an unknown member")
		}
		if err != nil {
			return bad("methods and paths must be arrays of texts, none of them empty")
		}
	}
	r, err := newRestrictions(methods, paths)
	if err != nil {
		return bad(err.Error())
	}
	return r, singleUse, nil
}
