package auth

import (
	"net/http"
	"strings"
)

// AuthenticateRequest finds the caller of a request and refuses what its token
// is not for (Caller.Restrictions). It does all that [Verifier.Authenticate] does,
// and besides reads the token from the cookie that Config.Cookie names, if
// there is no Authorization header: a header of any scheme goes before it. An
// empty cookie is none; two of the name are refused, since a page of a
// neighbouring host can set a second. A token in the URL or the body is never
// looked at.
//
// A browser sends a cookie with requests of other sites' pages too. So a request
// by cookie whose method is not GET, HEAD or OPTIONS must say that it comes from
// a page of the same origin, by Sec-Fetch-Site (W3C, Fetch Metadata Request
// Headers) or, from older browsers, an Origin (RFC 6454) that is the request's
// own host. No request by cookie may have another Origin. Else the error is
// CodeCrossSite. Whoever sets the cookie should give it the attributes HttpOnly,
// Secure, SameSite=Lax or Strict and Path=/, and a name that begins with __Host-
// (RFC 6265bis).
//
// The error is an *Error, or the request's context's.
func (v *Verifier) AuthenticateRequest(r *http.Request) (Caller, error) {
	caller, err := v.authenticateRequest(r)
	if err != nil {
		return Caller{}, err
	}
	if !caller.Restrictions.Allows(r.Method, r.URL.EscapedPath()) {
		return Caller{}, restricted()
	}
	return caller, nil
}

func (v *Verifier) authenticateRequest(r *http.Request) (Caller, error) {
	authorization := r.Header["Authorization"]
	if v.cookie == "" || len(authorization) > 0 {
		return v.Authenticate(r.Context(), authorization)
	}
	cookies := r.CookiesNamed(v.cookie)
	if len(cookies) > 1 {
		return Caller{}, tokenError("Expected one cookie with a JWT", "several were sent")
	}
	if len(cookies) == 0 || cookies[0].Value == "" {
		return v.Authenticate(r.Context(), nil)
	}
	if reason := refuseOrigin(r); reason != "" {
		return Caller{}, crossSite(reason)
	}
	return v.callerOf(r.Context(), cookies[0].Value)
}

// refuseOrigin says why a request that a cookie vouches for may have been made
// by a page of another site, or returns "".
func refuseOrigin(r *http.Request) string {
	site, origin := r.Header["Sec-Fetch-Site"], r.Header["Origin"]
	if len(site) > 1 || len(origin) > 1 {
		return "Sec-Fetch-Site or Origin was sent several times"
	}
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	switch {
	case len(site) == 1 && site[0] == "same-origin":
		return ""
	case len(site) == 1 && !safe:
		return "Sec-Fetch-Site is not same-origin"
	case len(origin) == 1 && (len(site) == 1 && site[0] != "none" || !isOwnOrigin(r, origin[0])):
		return "Origin is not this server"
	case len(origin) == 0 && !safe:
		return "neither Sec-Fetch-Site nor Origin was sent"
	}
	return ""
}

// isOwnOrigin compares an Origin with the host that the request was sent to.
// The scheme is compared only if TLS ends here, and not in a proxy.
func isOwnOrigin(r *http.Request, origin string) bool {
	return r.Host != "" && (strings.EqualFold(origin, "https://"+r.Host) ||
		r.TLS == nil && strings.EqualFold(origin, "http://"+r.Host))
}

// isCookieName reports whether name is a cookie's (RFC 6265 section 4.1.1), or
// empty.
func isCookieName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}
