package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"time"
)

// tokenLifetime is how long the demo's tokens are valid; with --data they are worth keeping for a while.
const tokenLifetime = 7 * 24 * time.Hour

// printDemo prints address, tokens and commands. dataDir is "" if nothing is kept.
func printDemo(w io.Writer, url, alice, bob, dataDir string) error {
	kept := "Ctrl-C ends it and removes the database."
	if dataDir != "" {
		kept = "Ctrl-C ends it. The database and the secret stay in " + dataDir + "."
	}
	_, err := fmt.Fprintf(w, `listening on %[1]s

In a browser:
%[1]s/       the chat; sign in as alice, bob or carol, each password is the name
%[1]s/docs/  the API, to read and try

Tokens, valid for 7 days:
alice %[2]s
bob   %[3]s

Paste these into another terminal.

# alice reads: what she sent and what was sent to her
curl -s '%[1]s/chat' -H 'Authorization: Bearer %[2]s'

# bob sends alice a message
curl -s '%[1]s/chat' -H 'Authorization: Bearer %[3]s' -H 'Content-Type: application/json' -H 'Prefer: return=representation' -d '{"message_to": "alice", "message_subject": "Hello", "message_body": "from bob"}'

# alice signs as bob, and PostgreSQL refuses
curl -s '%[1]s/chat' -H 'Authorization: Bearer %[2]s' -H 'Content-Type: application/json' -d '{"message_from": "bob", "message_to": "carol", "message_subject": "Not from bob"}'

%[4]s
`, url, alice, bob, kept)
	return err
}

// openBrowser asks the desktop to open url and does not wait for it.
func openBrowser(url string) error {
	program := "xdg-open"
	if runtime.GOOS == "darwin" {
		program = "open"
	}
	path, err := exec.LookPath(program)
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("the program %s is not installed", program)
	}
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), path, url) // it may outlive the demo, as the browser does
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // reaps it
	return nil
}
