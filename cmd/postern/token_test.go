package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-db/postern/server/auth"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	c := tokenCommand{Role: "alice", Expires: time.Minute, Claim: []string{
		"sub=a=b", "n=9007199254740993", "list=[1,\"x\"]", "yes=true", "nothing=null", "empty=", `quoted="5"`, "two=1 2", "plain=a b",
	}}
	got, err := c.claims(now, "app")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"role": "alice", "aud": "app", "iat": int64(1_800_000_000), "exp": int64(1_800_000_060),
		"sub": "a=b", "n": json.Number("9007199254740993"), "list": []any{json.Number("1"), "x"}, "yes": true, "nothing": nil,
		"empty": "", "quoted": "5", "two": "1 2", "plain": "a b",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}

	c = tokenCommand{Role: "alice", Claim: []string{"aud=other", "exp=5"}}
	got, err = c.claims(now, "app")
	if err != nil || !reflect.DeepEqual(got, map[string]any{"role": "alice", "aud": "other", "exp": json.Number("5")}) {
		t.Errorf("got %#v, error %v", got, err)
	}
}

// The server accepts what the command prints.
func TestTokenIsAccepted(t *testing.T) {
	t.Parallel()
	const secret = "a secret of at least thirty-two characters"
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), []string{"token", "--secret-file", file, "--role", "alice", "--claim", "sub=17"}, &stdout, &stderr)
	if status != exitOK || stderr.Len() > 0 {
		t.Fatalf("status %d, %s", status, stderr.String())
	}
	verifier, err := auth.New(auth.Config{Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	caller, err := verifier.Authenticate(t.Context(), []string{"Bearer " + strings.TrimSpace(stdout.String())})
	if err != nil || caller.Role != "alice" || !strings.Contains(caller.Claims, `"sub":17`) {
		t.Errorf("got %+v, error %v", caller, err)
	}
	if left := time.Until(caller.Expires); left < 59*time.Minute || left > time.Hour {
		t.Errorf("it expires in %s", left)
	}
}
