// Package server is the HTTP face of Postern: an http.Handler that turns each request into one transaction as the caller's
// database role.
//
// A request has one way through: authenticate, parse, plan, build, run, respond. Each step is one function with one input and
// one output; the packages auth, sql, rls and encode hold them.
package server
