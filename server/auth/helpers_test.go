package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

const testSecret = "a passphrase of more than 32 bytes"

// testNow is the time of every test that does not set another.
const testNow = 1_700_000_000

// newTestVerifier makes a verifier whose clock stands still.
func newTestVerifier(tb testing.TB, cfg Config) *Verifier {
	tb.Helper()
	v, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	v.now = func() time.Time { return time.Unix(testNow, 0) }
	return v
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// mint signs exactly this header and these claims; no rule is applied.
func mint(tb testing.TB, alg jwa.SignatureAlgorithm, signing any, header, claims string) string {
	tb.Helper()
	signer, err := jws.NewSigner(alg)
	if err != nil {
		tb.Fatal(err)
	}
	signed := b64(header) + "." + b64(claims)
	signature, err := signer.Sign([]byte(signed), signing)
	if err != nil {
		tb.Fatal(err)
	}
	return signed + "." + b64(string(signature))
}

// hs256 signs claims with the test passphrase.
func hs256(tb testing.TB, claims string) string {
	return mint(tb, jwa.HS256, []byte(testSecret), `{"alg":"HS256","typ":"JWT"}`, claims)
}

func authenticate(v *Verifier, token string) (Caller, error) {
	return v.Authenticate(context.Background(), []string{"Bearer " + token})
}

// refusalOf returns the *Error of a refusal and fails if the token is accepted.
func refusalOf(tb testing.TB, v *Verifier, authorization ...string) *Error {
	tb.Helper()
	caller, err := v.Authenticate(context.Background(), authorization)
	var refusal *Error
	if !errors.As(err, &refusal) {
		tb.Fatalf("accepted as %+v, error %v", caller, err)
	}
	if caller != (Caller{}) {
		tb.Fatalf("a refusal came with the caller %+v", caller)
	}
	return refusal
}

// testKeys holds one private key of each kind; making RSA keys is slow.
type testKeys struct {
	rsa, weakRSA     *rsa.PrivateKey
	p256, p384, p521 *ecdsa.PrivateKey
	ed25519          ed25519.PrivateKey
}

// sharedKeys makes the keys once for all tests.
var sharedKeys = sync.OnceValue(func() testKeys {
	var k testKeys
	var err error
	check := func() {
		if err != nil {
			panic(err)
		}
	}
	k.rsa, err = rsa.GenerateKey(rand.Reader, 2048)
	check()
	k.weakRSA, err = rsa.GenerateKey(rand.Reader, 1024)
	check()
	k.p256, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check()
	k.p384, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	check()
	k.p521, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	check()
	_, k.ed25519, err = ed25519.GenerateKey(rand.Reader)
	check()
	return k
})

// jwkOf writes a key as a JWK with some members added or, with "", removed.
func jwkOf(tb testing.TB, raw any, members map[string]any) string {
	tb.Helper()
	k, err := jwk.FromRaw(raw)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := json.Marshal(k)
	if err != nil {
		tb.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		tb.Fatal(err)
	}
	for name, val := range members {
		object[name] = val
	}
	if text, err = json.Marshal(object); err != nil {
		tb.Fatal(err)
	}
	return string(text)
}
