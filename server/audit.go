package server

import (
	"crypto/rand"
	"net"
	"time"

	"github.com/postern-db/postern/server/audit"
	"github.com/postern-db/postern/sql"
)

// requestIDHeader names a request across the programs that it passes. It is taken from the client, or made, and returned,
// where there is an audit log that shows it.
const requestIDHeader = "X-Request-Id"

// maxRequestID bounds the id that a client may choose.
const maxRequestID = 128

// identify gives the request its id.
func (x *exchange) identify() {
	x.requestID = x.r.Header.Get(requestIDHeader)
	if !validRequestID(x.requestID) {
		x.requestID = rand.Text()
	}
	x.w.Header().Set(requestIDHeader, x.requestID)
}

func validRequestID(id string) bool {
	for i := 0; i < len(id); i++ {
		if c := id[i]; c <= ' ' || c > '~' {
			return false
		}
	}
	return id != "" && len(id) <= maxRequestID
}

// record writes the audit line of a request that has been answered.
func (x *exchange) record(rec *recorder) {
	e := audit.Entry{
		Time: rec.began, RequestID: x.requestID, Subject: x.caller.Subject, Issuer: x.caller.Issuer, TokenID: x.caller.TokenID,
		Role: x.role, Rows: x.rows, Code: x.code, Duration: time.Since(rec.began), Status: rec.status, Remote: x.r.RemoteAddr,
	}
	if e.Role == "" {
		e.Role = x.caller.Role
	}
	if host, _, err := net.SplitHostPort(e.Remote); err == nil {
		e.Remote = host
	}
	if r := x.request; r != nil {
		e.Schema, e.Resource, e.Filters = r.Schema, r.Name, filterColumns(r)
		switch r.Action {
		case sql.Describe, sql.InfoRelation, sql.InfoRoutine, sql.InfoSchema:
			e.Action = "describe"
		case sql.Upsert:
			e.Action = "upsert"
		default:
			e.Action = actionName(r.Action)
		}
	} else if x.exchangesToken() {
		e.Action = "exchange"
	}
	x.server.audit.Write(&e)
}

// filterColumns lists the columns that a request filters by, each once, without the values.
func filterColumns(r *sql.Request) []string {
	var out []string
	add := func(path []string, column string) {
		name := column
		for i := len(path) - 1; i >= 0; i-- {
			name = path[i] + "." + name
		}
		if !contains(out, name) {
			out = append(out, name)
		}
	}
	for i := range r.Filters {
		add(r.Filters[i].Path, r.Filters[i].Field.Name)
	}
	var walk func(path []string, t *sql.Logic)
	walk = func(path []string, t *sql.Logic) {
		if t.Filter != nil {
			add(path, t.Filter.Field.Name)
		}
		for i := range t.Children {
			walk(path, &t.Children[i])
		}
	}
	for i := range r.Logic {
		walk(r.Logic[i].Path, &r.Logic[i].Tree)
	}
	return out
}
