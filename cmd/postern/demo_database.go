package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/postern-db/postern/examples/chat"
	"github.com/postern-db/postern/internal/embedpg"
)

// chatDatabase is the demo's database.
const chatDatabase = "chat"

// secretFile is the name, in the folder of --data, of the file that keeps jwt-secret.
const secretFile = "jwt-secret"

// prepareChat makes the database, brings it to the last version, tells it the secret and, the first time, puts a few messages in.
func prepareChat(a *app, pg *embedpg.Server, secret string) error {
	if err := createChatDatabase(a, pg); err != nil {
		return err
	}
	conn, err := connect(a.ctx, pg.URI(embedpg.Superuser, chatDatabase), a.stderr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(a.ctx)) }() // what it did is committed
	m, err := newMigrator(a.ctx, conn, chat.Migrations(), "examples/chat/migrations", func(_, name string) {
		_, _ = fmt.Fprintln(a.stdout, "migrating", name)
	})
	if err != nil {
		return err
	}
	before, err := m.version(a.ctx)
	if err != nil {
		return err
	}
	if err := m.to(a.ctx, m.last()); err != nil {
		return err
	}
	if _, err := conn.Exec(a.ctx, chat.SecretSQL, secret); err != nil {
		return fmt.Errorf("tell the database the secret: %w", err)
	}
	if before > 0 {
		return nil
	}
	if _, err := conn.Exec(a.ctx, chat.Seed()); err != nil {
		return fmt.Errorf("add the first messages: %w", err)
	}
	return nil
}

func createChatDatabase(a *app, pg *embedpg.Server) error {
	conn, err := connect(a.ctx, pg.URI(embedpg.Superuser, "postgres"), a.stderr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(a.ctx)) }()
	var exists bool
	if err := conn.QueryRow(a.ctx, "select exists (select from pg_database where datname = $1)", chatDatabase).Scan(&exists); err != nil {
		return fmt.Errorf("look for the database %s: %w", chatDatabase, err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(a.ctx, "create database "+chatDatabase); err != nil {
		return fmt.Errorf("create the database %s: %w", chatDatabase, err)
	}
	return nil
}

// newSecret makes a secret with 260 random bits in 52 letters and digits.
func newSecret() string { return rand.Text() + rand.Text() }

// keptSecret reads the secret in the folder, or makes folder and secret the first time.
func keptSecret(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the folder of --data: %w", err)
	}
	file := filepath.Join(dir, secretFile)
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		text = []byte(newSecret())
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("keep the secret: %w", err)
	}
	return string(text), nil
}
