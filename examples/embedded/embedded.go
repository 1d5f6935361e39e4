// Package embedded is an example of Postern inside a Go program that has sessions of its own: the API is mounted under a
// prefix of the program's mux, and the program says who the caller is.
package embedded

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
)

// App is the program: it signs people in and serves the API beside its own pages.
type App struct {
	mu       sync.Mutex
	sessions map[string]string // cookie to user
	api      *server.Server
	mux      *http.ServeMux
}

// New starts the program over a database that has the chat-claims example: one role for all users, who are told apart by
// the claim sub. uri connects to it as authenticator.
func New(ctx context.Context, uri string) (*App, error) {
	settings, err := config.Load(config.Input{Values: map[string]string{
		"db-uri":           uri,
		"db-schemas":       "api",
		"server-base-path": "/api", // so that Location and the API's description have the address that clients know
	}})
	if err != nil {
		return nil, err
	}
	a := &App{sessions: map[string]string{}, mux: http.NewServeMux()}
	a.api, err = server.New(ctx, server.Config{Settings: settings, Authenticate: a.authenticate})
	if err != nil {
		return nil, err
	}
	a.mux.Handle("/api/", a.api)
	a.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("the program's own page\n"))
	})
	return a, nil
}

// authenticate hands the program's session over to the API: as whom the request runs, and what the policies can know of
// the caller.
func (a *App) authenticate(r *http.Request) (auth.Caller, error) {
	cookie, err := r.Cookie("session")
	if err != nil {
		return auth.Caller{}, &auth.Error{Code: auth.CodeTokenRequired, Message: "Sign in first"}
	}
	a.mu.Lock()
	user, ok := a.sessions[cookie.Value]
	a.mu.Unlock()
	if !ok {
		return auth.Caller{}, &auth.Error{Code: auth.CodeToken, Message: "The session has ended"}
	}
	claims, err := json.Marshal(map[string]string{"sub": user, "role": "chat_user"})
	if err != nil {
		return auth.Caller{}, err
	}
	return auth.Caller{Role: "chat_user", Claims: string(claims), Subject: user}, nil
}

// SignIn begins a session, as a program would after it has checked a password.
func (a *App) SignIn(session, user string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sessions[session] = user
}

// ServeHTTP serves the program's pages and, under /api/, the API.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// Close ends the API.
func (a *App) Close() { a.api.Close() }
