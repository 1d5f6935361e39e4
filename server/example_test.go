package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"

	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
)

// settings are those of a program that mounts the API under /api.
func settings(uri string) *config.Config {
	c, err := config.Load(config.Input{Values: map[string]string{
		"db-uri":           uri,
		"db-schemas":       "api",
		"db-anon-role":     "todo_anon",
		"server-base-path": "/api",
	}})
	if err != nil {
		log.Fatal(err)
	}
	return c
}

// The API under a prefix of a program's own mux. server-base-path tells it where it is, so that the program need not take the
// prefix away, and that the API's description has the right address.
func ExampleNew() {
	uri, drop := todoDatabase()
	defer drop()

	api, err := server.New(context.Background(), server.Config{Settings: settings(uri), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer api.Close()

	mux := http.NewServeMux()
	mux.Handle("/api/", api)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a page of the program's own") })

	show(mux, "GET", "/", "")
	show(mux, "GET", "/api/todos?select=task", "")
	// Output:
	// 200 a page of the program's own
	// 200 [{"task":"water the plants"}]
}

// With chi.
func ExampleNew_chi() {
	uri, drop := todoDatabase()
	defer drop()
	api, err := server.New(context.Background(), server.Config{Settings: settings(uri), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer api.Close()

	r := chi.NewRouter()
	r.Mount("/api", api)

	show(r, "GET", "/api/todos?select=id,task", "")
	show(r, "GET", "/api/nothing", "")
	// Output:
	// 200 [{"id":1,"task":"water the plants"}]
	// 404 {"code":"PGRST205","details":null,"hint":null,"message":"Could not find the table 'api.nothing' in the schema cache"}
}

// With echo.
func ExampleNew_echo() {
	uri, drop := todoDatabase()
	defer drop()
	api, err := server.New(context.Background(), server.Config{Settings: settings(uri), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer api.Close()

	e := echo.New()
	e.Any("/api/*", echo.WrapHandler(api))

	show(e, "GET", "/api/todos?select=owner", "")
	// Output:
	// 200 [{"owner":"ann"}]
}

// A program with sessions of its own says who the caller is: the database role that the request runs as, and the claims that
// policies see.
func ExampleConfig_authenticate() {
	uri, drop := todoDatabase()
	defer drop()

	sessions := map[string]string{"s1": "bob"} // the program's own
	api, err := server.New(context.Background(), server.Config{
		Settings: settings(uri),
		Logger:   slog.New(slog.DiscardHandler),
		Authenticate: func(r *http.Request) (auth.Caller, error) {
			cookie, err := r.Cookie("session")
			if err != nil || sessions[cookie.Value] == "" {
				return auth.Caller{}, &auth.Error{Code: auth.CodeTokenRequired, Message: "Sign in first"}
			}
			user := sessions[cookie.Value]
			claims, err := json.Marshal(map[string]string{"sub": user})
			return auth.Caller{Role: "todo_user", Claims: string(claims), Subject: user}, err
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer api.Close()

	show(api, "POST", "/api/todos?select=owner,task", `{"task": "buy bread"}`)
	show(api, "POST", "/api/todos?select=owner,task", `{"task": "buy bread"}`, &http.Cookie{Name: "session", Value: "s1"})
	// Output:
	// 401 {"code":"PGRST302","details":null,"hint":null,"message":"Sign in first"}
	// 201 [{"owner":"bob","task":"buy bread"}]
}

// A program that is nothing but the server.
func ExampleServer_Run() {
	uri, drop := todoDatabase()
	defer drop()
	c, err := config.Load(config.Input{Values: map[string]string{
		"db-uri": uri, "db-schemas": "api", "db-anon-role": "todo_anon", "server-host": "127.0.0.1", "server-port": "0",
	}})
	if err != nil {
		log.Fatal(err)
	}
	api, err := server.New(context.Background(), server.Config{Settings: c, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer api.Close()

	ctx, stop := context.WithCancel(context.Background()) // or signal.NotifyContext
	stop()
	fmt.Println(api.Run(ctx))
	// Output: <nil>
}

// Reload is for changes that the database does not notify of.
func ExampleServer_Reload() {
	uri, drop := todoDatabase()
	defer drop()
	api, err := server.New(context.Background(), server.Config{Settings: settings(uri), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer api.Close()

	fmt.Println(api.Reload(context.Background()))
	// Output: <nil>
}
