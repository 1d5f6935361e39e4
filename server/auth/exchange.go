package auth

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// exchanger gives out tokens.
type exchanger struct {
	signing  key
	issuer   string
	audience string
	lifetime time.Duration
}

// addExchange makes the exchanger and the party that judges its tokens.
func (v *Verifier) addExchange(cfg Config) error {
	if cfg.ExchangeSecret == "" {
		return nil
	}
	keys, warnings, err := parseSecret(cfg.ExchangeSecret, false)
	if err != nil {
		return fmt.Errorf("auth: read jwt-exchange-secret: %w", err)
	}
	v.warnings = append(v.warnings, warnings...)
	path, err := parseRoleClaimKey(defaultRoleClaimKey)
	if err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	for _, k := range keys {
		if k.signing == nil {
			continue
		}
		v.exchange = &exchanger{signing: k, issuer: cfg.ExchangeIssuer, audience: cfg.Audience, lifetime: cfg.ExchangeLifetime}
		v.add(cfg.ExchangeIssuer, &trust{fixed: verifyingSet(keys), audience: v.local.audience, rolePath: path})
		return nil
	}
	return errors.New("auth: read jwt-exchange-secret: it holds no key that can sign, only public ones")
}

// Exchanges reports whether token exchange is on.
func (v *Verifier) Exchanges() bool { return v.exchange != nil }

// ExchangeResponse is the answer to a token exchange, to be sent as JSON with
// Cache-Control: no-store (RFC 8693 section 2.2.1).
type ExchangeResponse struct {
	AccessToken     string `json:"access_token"`
	IssuedTokenType string `json:"issued_token_type"`
	TokenType       string `json:"token_type"`
	ExpiresIn       int64  `json:"expires_in"` // seconds

	// Subject is whom the exchanged token was for, and TokenID the jti of the
	// new one, for the record of who did what.
	Subject Caller `json:"-"`
	TokenID string `json:"-"`
}

// Exchange makes a token that can do no more than the one it is given. It expires
// no later, and within Config.ExchangeLifetime. Its role is the same or one that
// the role of the subject may assume, which mayAssume decides; it is asked only
// if the roles differ, and nil allows none. The token is for the methods and
// paths of the request, and for one use if so asked. Its iss, iat, exp, jti and
// postern are new, and so is aud if Config.Audience is set; nbf is left out. All
// other claims are those of the subject; postern.subject_issuer keeps its iss.
//
// A token that is restricted itself is not exchanged, so that no two
// restrictions have to be compared, and a single-use token stays a single one.
//
// The error is an *ExchangeError, an *Error with CodeKeysUnavailable, ctx's, or
// mayAssume's.
func (v *Verifier) Exchange(
	ctx context.Context, req ExchangeRequest, mayAssume func(ctx context.Context, role, target string) (bool, error),
) (ExchangeResponse, error) {
	if v.exchange == nil {
		return ExchangeResponse{}, &ExchangeError{Code: "unsupported_grant_type", Description: "token exchange is off"}
	}
	subject, err := v.callerOf(ctx, req.SubjectToken)
	var refusal *Error
	switch {
	case errors.As(err, &refusal) && refusal.Code != CodeKeysUnavailable:
		return ExchangeResponse{}, invalidRequest("subject_token is refused: " + refusal.Message)
	case err != nil:
		return ExchangeResponse{}, err
	case subject.Restrictions != nil || subject.SingleUse:
		return ExchangeResponse{}, invalidRequest("subject_token is restricted, and such a token is not exchanged")
	}
	if _, err := newRestrictions(req.Methods, req.Paths); err != nil {
		return ExchangeResponse{}, invalidRequest(err.Error())
	}
	if req.Role == "" {
		req.Role = subject.Role
	}
	if err := checkTarget(ctx, subject.Role, req.Role, mayAssume); err != nil {
		return ExchangeResponse{}, err
	}
	now := v.now()
	expires, err := v.exchange.expiry(now, subject.Expires, req.ExpiresIn)
	if err != nil {
		return ExchangeResponse{}, err
	}
	return v.exchange.issue(subject, req, now, expires)
}

// checkTarget refuses a role that the subject may not assume.
func checkTarget(ctx context.Context, role, target string, mayAssume func(ctx context.Context, role, target string) (bool, error)) error {
	if role == target {
		return nil
	}
	if reason := refuseRole(target); reason != "" {
		return invalidRequest("role cannot be used: " + reason)
	}
	allowed := false
	if mayAssume != nil {
		var err error
		if allowed, err = mayAssume(ctx, role, target); err != nil {
			return fmt.Errorf("auth: exchange a token: ask whether the role may be assumed: %w", err)
		}
	}
	if !allowed {
		return invalidRequest("role is none that the subject's role may assume")
	}
	return nil
}

// expiry is when the new token expires. subject is zero if the one exchanged
// never does; in its seconds of grace it is not exchanged.
func (e *exchanger) expiry(now, subject time.Time, wanted time.Duration) (time.Time, error) {
	most := now.Add(e.lifetime)
	if !subject.IsZero() && subject.Before(most) {
		most = subject
	}
	most = most.Truncate(time.Second)
	if !most.After(now) {
		return time.Time{}, invalidRequest("subject_token is about to expire")
	}
	if wanted == 0 {
		return most, nil
	}
	expires := now.Add(wanted).Truncate(time.Second)
	if expires.After(most) {
		return time.Time{}, invalidRequest("expires_in is longer than subject_token, or this server, allows")
	}
	return expires, nil
}

// issue signs the new token.
func (e *exchanger) issue(subject Caller, req ExchangeRequest, now, expires time.Time) (ExchangeResponse, error) {
	var given map[string]json.RawMessage
	if err := json.Unmarshal([]byte(subject.Claims), &given); err != nil {
		return ExchangeResponse{}, fmt.Errorf("auth: exchange a token: read the claims: %w", err)
	}
	claims := make(map[string]any, len(given)+6)
	for name, val := range given {
		claims[name] = val
	}
	delete(claims, "nbf")
	id := rand.Text()
	claims["iss"], claims["iat"], claims["exp"], claims["jti"], claims["role"] = e.issuer, now.Unix(), expires.Unix(), id, req.Role
	if e.audience != "" {
		claims["aud"] = e.audience
	}
	restrictions := map[string]any{"subject_issuer": subject.Issuer}
	if req.Methods != nil {
		restrictions["methods"] = req.Methods
	}
	if req.Paths != nil {
		restrictions["paths"] = req.Paths
	}
	if req.SingleUse {
		restrictions["single_use"] = true
	}
	claims[restrictionsClaim] = restrictions
	token, err := e.signing.sign(claims)
	if err != nil {
		return ExchangeResponse{}, err
	}
	if len(token) > maxTokenBytes {
		return ExchangeResponse{}, invalidRequest("subject_token and the restrictions are too long together")
	}
	return ExchangeResponse{
		AccessToken: token, IssuedTokenType: typeAccessToken, TokenType: "Bearer", ExpiresIn: expires.Unix() - now.Unix(),
		Subject: subject, TokenID: id,
	}, nil
}
