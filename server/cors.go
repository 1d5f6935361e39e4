package server

import (
	"net/http"
	"strings"

	"github.com/postern-db/postern/server/config"
)

// corsHeaders are the response headers that a page of another origin may read (Fetch standard, CORS).
const corsHeaders = "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, " +
	"Transfer-Encoding, Range-Unit"

// cors answers a preflight request, and tells pages of allowed origins that they may read the response. done is true if
// there is nothing left to do.
//
// Without a list of origins all pages may read what anybody can: "*" is never sent with credentials, with which a page reads
// what the browser's user can.
func (s *Server) cors(w http.ResponseWriter, r *http.Request, c *config.Config) (done bool) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	h := w.Header()
	switch {
	case len(c.ServerCORSAllowedOrigins) == 0:
		h.Set("Access-Control-Allow-Origin", "*")
	case contains(c.ServerCORSAllowedOrigins, origin):
		h.Set("Access-Control-Allow-Origin", origin)
		if c.ServerCORSAllowCredentials {
			h.Set("Access-Control-Allow-Credentials", "true")
		}
	default:
		return false
	}
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		if r.Method != http.MethodOptions {
			h.Set("Access-Control-Expose-Headers", corsHeaders)
		}
		return false
	}
	names := append([]string{"Authorization"}, listItems(r.Header.Values("Access-Control-Request-Headers"))...)
	h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD")
	h.Set("Access-Control-Allow-Headers", headerSafe(strings.Join(names, ", "))+", Accept, Accept-Language, Content-Language")
	h.Set("Access-Control-Max-Age", "86400")
	h.Set("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
	h.Set("Content-Length", "0")
	if rec := recorderOf(w); rec != nil {
		rec.unlogged = true // as in PostgREST: a browser sends it, and what it is for follows
	}
	w.WriteHeader(http.StatusOK)
	return true
}

// varies names the request's headers that responses depend on (RFC 9110, 12.5.5). Whether a page may read a response depends
// on its origin even where all may, since the header that says so is sent to pages only. RFC 9111 keeps shared caches from
// keeping what was asked for with Authorization, but not from answering such a request with what they kept of another.
func varies(c *config.Config) string {
	names := "Accept, Prefer, Range, Origin, Authorization"
	if len(c.DBSchemas) > 1 {
		names += ", Accept-Profile"
	}
	if c.JWTCookie != "" {
		names += ", Cookie"
	}
	return names
}
