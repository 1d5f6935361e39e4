// Package auth turns the token of a request into a caller: a database role and
// the claims that go with it.
//
// It does what PostgREST does (page "Authentication" of its reference) and is
// stricter where a token could be read in two ways. An algorithm belongs to a
// key and is never taken from a token on trust; anything doubtful is refused.
//
// Beyond that it knows several issuers whose keys it fetches ([Issuer],
// [Verifier.Run]), tokens in cookies ([Verifier.AuthenticateRequest]), and tokens
// that are for some requests or for one only ([Restrictions],
// [Verifier.Exchange], [ConsumeToken]).
//
// This is the only package that knows lestrrat-go/jwx. From it come the keys
// and the signatures; the compact form, the header and the claims are read
// here, so that each rule about them stands in one place.
package auth
