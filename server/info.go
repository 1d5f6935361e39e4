package server

import (
	"net/http"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/sql"
)

// info answers OPTIONS: what methods the resource admits, whatever the caller's privileges.
func (x *exchange) info() {
	allow := readMethods
	switch x.request.Action {
	case sql.InfoRelation:
		allow = allowed(x.plan.Relation)
	case sql.InfoRoutine:
		allow += ",POST"
		if x.plan.Routine.Volatility == schema.Volatile {
			allow = "OPTIONS,POST"
		}
	}
	h := x.w.Header()
	h.Set("Allow", allow)
	if len(x.state.config.ServerCORSAllowedOrigins) == 0 {
		h.Set("Access-Control-Allow-Origin", "*")
	}
	h.Set("Content-Length", "0")
	x.commonHeaders()
	x.w.WriteHeader(http.StatusOK)
}

// readMethods are those that each resource admits.
const readMethods = "OPTIONS,GET,HEAD"

// allowed lists the methods that a relation admits, for the header Allow.
func allowed(r *schema.Relation) string {
	allow := readMethods
	if r.Insertable {
		allow += ",POST"
	}
	if r.Insertable && r.Updatable && len(r.PrimaryKey) > 0 {
		allow += ",PUT"
	}
	if r.Updatable {
		allow += ",PATCH"
	}
	if r.Deletable {
		allow += ",DELETE"
	}
	return allow
}
