package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
)

type tokenCommand struct {
	Role       string        `required:"" placeholder:"ROLE" help:"Database role that requests with the token run as."`
	Claim      []string      `sep:"none" placeholder:"NAME=VALUE" help:"A further claim, such as sub=alice. A value that is JSON stays JSON, anything else is text. May be repeated."`
	Expires    time.Duration `default:"1h" help:"How long the token is valid, such as 15m or 24h; 0 is for ever (default: ${default})."`
	Config     string        `placeholder:"FILE" help:"Configuration file with jwt-secret. The environment (PGRST_JWT_SECRET) goes before it."`
	SecretFile string        `placeholder:"FILE" help:"File with the secret; it goes before the configuration."`
}

// Help is shown by --help.
func (tokenCommand) Help() string {
	return "Prints a JSON Web Token, signed with the server's jwt-secret, for tests and first steps. Whoever holds it " +
		"acts as ROLE until it expires. The secret comes from --secret-file, the environment or the configuration file; the " +
		"claim aud is added where jwt-aud is configured."
}

// Examples are shown by --help.
func (tokenCommand) Examples() string {
	return `  postern token --config postern.conf --role alice
  postern token --secret-file jwt-secret --role chat_user --claim sub=alice --expires 15m
  curl -H "Authorization: Bearer $(postern token --config postern.conf --role alice)" localhost:3000/chat
`
}

// Run prints the token.
func (c tokenCommand) Run(a *app) error {
	environ := a.environ
	if c.SecretFile != "" {
		environ = append(slices.Clone(environ), "POSTERN_JWT_SECRET=@"+c.SecretFile)
	}
	settings, err := config.Load(config.Input{File: c.Config, Environ: environ})
	if err != nil {
		if c.SecretFile != "" {
			err = toldByFlag(err, "jwt-secret", "--secret-file")
		}
		return err
	}
	claims, err := c.claims(time.Now(), settings.JWTAudience)
	if err != nil {
		return usageError{err}
	}
	if len(settings.JWTSecret) == 0 {
		return errors.New("there is no secret to sign with: name --secret-file or --config, or set PGRST_JWT_SECRET")
	}
	token, err := sign(a.ctx, settings, claims, c.Role)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, token)
	return err
}

// claims are the token's content.
func (c tokenCommand) claims(now time.Time, audience string) (map[string]any, error) {
	claims := map[string]any{"role": c.Role}
	if audience != "" {
		claims["aud"] = audience
	}
	switch {
	case c.Expires < 0:
		return nil, fmt.Errorf("--expires %s is in the past; allowed: 0 or more", c.Expires)
	case c.Expires > 0:
		claims["iat"] = now.Unix()
		claims["exp"] = now.Add(c.Expires).Unix()
	}
	given := map[string]bool{"role": true}
	for _, claim := range c.Claim {
		name, value, ok := strings.Cut(claim, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--claim %q is not of the form NAME=VALUE", claim)
		}
		if given[name] {
			return nil, fmt.Errorf("the claim %s is given twice", name)
		}
		given[name] = true
		claims[name] = claimValue(value)
	}
	return claims, nil
}

// claimValue is the JSON that text is, else text.
func claimValue(text string) any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber() // 64-bit ids stay what they are
	var value any
	if err := decoder.Decode(&value); err != nil {
		return text
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return text
	}
	return value
}

// sign makes the token and then reads it as the server will, to be sure that it says what was asked for.
func sign(ctx context.Context, settings *config.Config, claims map[string]any, role string) (string, error) {
	keys := auth.Config{Secret: string(settings.JWTSecret), RoleClaimKey: settings.JWTRoleClaimKey, Audience: settings.JWTAudience}
	signer, err := auth.NewSigner(keys)
	if err != nil {
		return "", err
	}
	token, err := signer.Sign(claims)
	if err != nil {
		return "", err
	}
	verifier, err := auth.New(keys)
	if err != nil {
		return "", err
	}
	caller, err := verifier.Authenticate(ctx, []string{"Bearer " + token})
	switch refusal := (*auth.Error)(nil); {
	case errors.As(err, &refusal) && refusal.Code != auth.CodeTokenRequired:
		return "", fmt.Errorf("a server of this configuration would refuse the token: %w", err)
	case err != nil && refusal == nil:
		return "", err
	case caller.Role != role:
		return "", fmt.Errorf("a server of this configuration looks for the role at %s (jwt-role-claim-key) and finds %q, not %q: add it with --claim",
			settings.JWTRoleClaimKey, caller.Role, role)
	}
	return token, nil
}
