package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/postern-db/postern/server/auth"
)

func ExampleVerifier_Authenticate() {
	secret := "a passphrase of at least 32 bytes"
	verifier, err := auth.New(auth.Config{Secret: secret, AnonRole: "anon", CacheMaxEntries: 1000})
	if err != nil {
		fmt.Println(err)
		return
	}

	token, err := auth.Sign([]byte(secret), map[string]any{"role": "alice", "sub": "42"})
	if err != nil {
		fmt.Println(err)
		return
	}
	header := http.Header{"Authorization": {"Bearer " + token}}
	caller, err := verifier.Authenticate(context.Background(), header.Values("Authorization"))
	fmt.Println(caller.Role, caller.Claims, err)

	caller, err = verifier.Authenticate(context.Background(), nil)
	fmt.Println(caller.Role, caller.Claims, err)

	_, err = verifier.Authenticate(context.Background(), []string{"Bearer x.y"})
	var refusal *auth.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Code, refusal.Message)
		fmt.Println(refusal.Challenge)
	}
	// Output:
	// alice {"role":"alice","sub":"42"} <nil>
	// anon {"role":"anon"} <nil>
	// PGRST301 Expected 3 parts in JWT; got 2
	// Bearer error="invalid_token", error_description="Expected 3 parts in JWT; got 2"
}
