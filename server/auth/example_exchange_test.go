package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/postern-db/postern/server/auth"
)

// A token for everything becomes one for a single read of the orders.
func ExampleVerifier_Exchange() {
	secret := "a passphrase of at least 32 bytes"
	verifier, err := auth.New(auth.Config{Secret: secret, ExchangeSecret: "another one of more than 32 bytes"})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := auth.Sign([]byte(secret), map[string]any{"role": "alice", "sub": "42"})
	if err != nil {
		fmt.Println(err)
		return
	}
	body := url.Values{
		"grant_type":         {"urn:ietf:params:oauth:grant-type:token-exchange"},
		"subject_token":      {token},
		"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
		"role":               {"clerk"},
		"expires_in":         {"60"},
		"methods":            {"GET"},
		"paths":              {"/orders /rpc/*"},
		"single_use":         {"true"},
	}.Encode()

	request, err := auth.ParseExchange("application/x-www-form-urlencoded", body)
	if err != nil {
		fmt.Println(err)
		return
	}
	// A server asks its catalog instead: is alice a member of clerk?
	mayAssume := func(_ context.Context, role, target string) (bool, error) {
		return role == "alice" && target == "clerk", nil
	}
	response, err := verifier.Exchange(context.Background(), request, mayAssume)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.TokenType, response.ExpiresIn, "seconds")

	for _, line := range []string{"GET /orders?id=eq.7", "DELETE /orders?id=eq.7", "GET /customers"} {
		method, target, _ := strings.Cut(line, " ")
		r := httptest.NewRequest(method, target, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+response.AccessToken)
		caller, err := verifier.AuthenticateRequest(r)
		fmt.Println(line, "->", caller.Role, caller.SingleUse, err)
	}
	// Output:
	// Bearer 60 seconds
	// GET /orders?id=eq.7 -> clerk true <nil>
	// DELETE /orders?id=eq.7 ->  false PSTRN304: The JWT is not for this method and path
	// GET /customers ->  false PSTRN304: The JWT is not for this method and path
}
