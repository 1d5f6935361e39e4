// Package server is the HTTP face of Postern: an http.Handler that turns each request into one transaction as the caller's
// database role.
//
// [New] makes a [Server] from the parameters that config.Load gives. It can be mounted in a program's own router, under a prefix
// (server-base-path) or at the root, or listen by itself: [Server.Run]. The examples show both.
//
// A request has one way through: authenticate, parse, plan, build, run, respond. Each step is one function with one input and one
// output.
//
//	exchange.go     one request, from its token to its plan
//	run.go          its transaction; rls holds the connections
//	respond.go      the answer; encode turns rows into bytes
//	describe.go     the description of the API, which openapi writes
//	errors.go       the only table from codes to statuses; sqlstate.go the one from SQLSTATEs
//	state.go        what requests are served with until the next reload
//	reload.go       what NOTIFY, a signal or a caller reloads; recover.go what happens without a database
//	layers.go       what is around the router: proxies, limits, compression, pages
//	listen.go       the listeners of Run
//
// The packages below are rooms of this one, and exported only for it and for programs that configure it: config (parameters) and auth
// (callers) are meant for programs; admin, audit, encode, openapi, proxy and rls may change with any version.
package server
