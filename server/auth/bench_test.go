package auth

import (
	"context"
	"fmt"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

const benchClaims = `{"sub":"3f5c9a52-0c54-4d4f-9f0e-2f2b1e1a7b11","role":"web_user","email":"alice@example.com","exp":1700003600,"iat":1700000000,"aud":"api"}`

func BenchmarkCached(b *testing.B) {
	v := newTestVerifier(b, Config{Secret: testSecret, CacheMaxEntries: 1000})
	header := []string{"Bearer " + hs256(b, benchClaims)}
	ctx := context.Background()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := v.Authenticate(ctx, header); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCachedOneByOne(b *testing.B) {
	v := newTestVerifier(b, Config{Secret: testSecret, CacheMaxEntries: 1000})
	header := []string{"Bearer " + hs256(b, benchClaims)}
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Authenticate(ctx, header); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMiss(b *testing.B) {
	k := sharedKeys()
	for _, test := range []struct {
		alg             jwa.SignatureAlgorithm
		signing, public any
	}{
		{jwa.HS256, []byte(testSecret), []byte(testSecret)},
		{jwa.RS256, k.rsa, &k.rsa.PublicKey},
		{jwa.ES256, k.p256, &k.p256.PublicKey},
		{jwa.EdDSA, k.ed25519, k.ed25519.Public()},
	} {
		b.Run(test.alg.String(), func(b *testing.B) {
			token := mint(b, test.alg, test.signing, fmt.Sprintf(`{"alg":%q,"typ":"JWT"}`, test.alg), benchClaims)
			v := newTestVerifier(b, Config{Secret: jwkOf(b, test.public, nil)})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := authenticate(v, token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkIssuer is a token of a provider, remembered and not.
func BenchmarkIssuer(b *testing.B) {
	token := rs256(b, "k", `{"iss":"https://a","aud":"api",`+benchClaims[1:len(benchClaims)-len(`,"aud":"api"}`)]+`}`)
	for name, entries := range map[string]int{"cached": 1000, "miss": 0} {
		b.Run(name, func(b *testing.B) {
			v := twoIssuers(b, entries)
			header := []string{"Bearer " + token}
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Authenticate(ctx, header); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRequest is AuthenticateRequest with a remembered token.
func BenchmarkRequest(b *testing.B) {
	v := newTestVerifier(b, Config{Secret: testSecret, CacheMaxEntries: 1000, Cookie: "token"})
	token := hs256(b, benchClaims)
	for name, headers := range map[string][]string{
		"header": {"Authorization: Bearer " + token}, "cookie": {"Cookie: a=b; token=" + token, "Sec-Fetch-Site: same-origin"},
	} {
		b.Run(name, func(b *testing.B) {
			r := newRequest("POST", "http://example.com/orders", headers)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.AuthenticateRequest(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
