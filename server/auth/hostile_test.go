package auth

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

// hostile is an attempt to get in, and the refusal it must meet.
type hostile struct {
	name          string
	authorization []string
	code          string
	message       string
	details       string // a part of it
}

const (
	msgMalformed = "JWT cryptographic operation failed"
	msgNoKey     = "No suitable key or wrong key type"
	notTried     = "No suitable key was found to decode the JWT"
	notMatched   = "None of the keys was able to decode the JWT"
	msgParsing   = "Parsing claims failed"
	msgRole      = "The role in the JWT is not allowed"
)

// hostileTokens is used by the table test and seeds the fuzzer. The verifier
// it is for has these keys: an HS256 passphrase as oct JWK with kid "hs", an
// RSA key with kid "rsa" bound to RS256, a P-256 key with kid "ec", and an
// Ed25519 key with kid "ed".
func hostileTokens(tb testing.TB) []hostile {
	k := sharedKeys()
	const alice = `{"role":"alice"}`
	good := hs256(tb, alice)
	parts := strings.Split(good, ".")
	hs := func(header, claims string) string {
		return mint(tb, jwa.HS256, []byte(testSecret), header, claims)
	}
	header := func(more string) string { return hs(`{"alg":"HS256",`+more+`}`, alice) }

	der, err := x509.MarshalPKIXPublicKey(&k.rsa.PublicKey)
	if err != nil {
		tb.Fatal(err)
	}
	rsaPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	confused := func(secret []byte, header string) string {
		return mint(tb, jwa.HS256, secret, header, alice)
	}

	var tests []hostile
	add := func(code, message, details string, cases map[string]string) {
		for name, token := range cases {
			tests = append(tests, hostile{name, []string{"Bearer " + token}, code, message, details})
		}
	}

	add(CodeToken, "Empty JWT is sent in Authorization header", "", map[string]string{
		"empty": "", "spaces": "   ", "tabs": "\t\t",
	})
	add(CodeToken, "Expected 3 parts in JWT; got 1", "", map[string]string{
		"one part": "abc", "JSON form": `{"payload":"e30","signatures":[{"protected":"eyJhbGciOiJIUzI1NiJ9","signature":"AA"}]}`,
	})
	add(CodeToken, "Expected 3 parts in JWT; got 2", "", map[string]string{
		"signature cut off": parts[0] + "." + parts[1], "one dot": ".",
	})
	add(CodeToken, "Expected 3 parts in JWT; got 4", "", map[string]string{
		"trailing dot": good + ".", "leading dot": "." + good, "dot in the middle": parts[0] + ".." + parts[1] + "." + parts[2],
	})
	add(CodeToken, "Expected 3 parts in JWT; got 5", "", map[string]string{
		"JWE": b64(`{"alg":"dir","enc":"A256GCM"}`) + "..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
	})
	add(CodeToken, "JWT is too long", "16384", map[string]string{
		"role of 64 KB": hs256(tb, `{"role":"`+strings.Repeat("a", 64<<10)+`"}`),
		"64 KB of dots": strings.Repeat(".", 64<<10),
		"just too long": good + strings.Repeat("A", maxTokenBytes-len(good)+1),
	})
	add(CodeToken, "Wrong or unsupported encoding algorithm", "JWT is unsecured", map[string]string{
		"alg none":                   b64(`{"alg":"none"}`) + "." + b64(alice) + ".",
		"alg none with a signature":  hs(`{"alg":"none"}`, alice),
		"alg none, escaped spelling": hs(`{"alg":"n\u006fne"}`, alice),
		"alg none with kid":          hs(`{"alg":"none","kid":"hs"}`, alice),
	})
	add(CodeToken, msgMalformed, "", map[string]string{
		"random text":                "quifquirndsjagnrgniur.fonvoienqhhdj.iuqvnvhojah",
		"only dots":                  "..",
		"alg None":                   hs(`{"alg":"None"}`, alice),
		"alg NONE":                   hs(`{"alg":"NONE"}`, alice),
		"alg nOnE":                   hs(`{"alg":"nOnE"}`, alice),
		"alg hs256":                  hs(`{"alg":"hs256"}`, alice),
		"alg with a space":           hs(`{"alg":"HS256 "}`, alice),
		"alg with NUL":               hs(`{"alg":"HS256\u0000"}`, alice),
		"alg empty":                  hs(`{"alg":""}`, alice),
		"alg missing":                hs(`{"typ":"JWT"}`, alice),
		"alg null":                   hs(`{"alg":null}`, alice),
		"alg a list":                 hs(`{"alg":["HS256","none"]}`, alice),
		"alg twice":                  hs(`{"alg":"none","alg":"HS256"}`, alice),
		"alg twice, once escaped":    hs(`{"alg":"HS256","\u0061lg":"none"}`, alice),
		"alg in another case only":   hs(`{"ALG":"HS256"}`, alice),
		"alg ES256K":                 hs(`{"alg":"ES256K"}`, alice),
		"alg of a JWE":               hs(`{"alg":"RSA-OAEP"}`, alice),
		"header an array":            hs(`["HS256"]`, alice),
		"header null":                hs(`null`, alice),
		"header not JSON":            hs(`alg=HS256`, alice),
		"header with a tail":         hs(`{"alg":"HS256"}{}`, alice),
		"header with comma":          hs(`{"alg":"HS256",}`, alice),
		"header with bad UTF-8":      hs("{\"alg\":\"HS256\",\"x\":\"\xff\"}", alice),
		"header with surrogate":      hs(`{"alg":"HS256","x":"\ud800"}`, alice),
		"header nested":              hs(`{"alg":"HS256","x":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}`, alice),
		"header empty":               "." + parts[1] + "." + parts[2],
		"header padded":              parts[0] + "=." + parts[1] + "." + parts[2],
		"payload padded":             parts[0] + "." + parts[1] + "==." + parts[2],
		"signature padded":           good + "=",
		"signature with stray bits":  stray(good),
		"payload with stray bits":    parts[0] + "." + stray(parts[1]) + "." + parts[2],
		"signature of one character": parts[0] + "." + parts[1] + ".A",
		"standard base64":            parts[0] + "." + parts[1] + "." + strings.Repeat("+/", 21) + "A",
		"line break in a part":       parts[0] + "." + parts[1] + "." + parts[2][:4] + "\n" + parts[2][4:],
		"CRLF at the end":            good + "\r\n",
		"space in the token":         parts[0] + "." + parts[1] + ". " + parts[2],
		"NUL at the end":             good + "\x00",
		"comma and another":          good + ", Bearer x",
		"unicode dot":                parts[0] + "\u2024" + parts[1] + ".." + parts[2],
		"percent encoding":           strings.Replace(good, "e", "%65", 1),
	})
	add(CodeToken, msgMalformed, "not allowed", map[string]string{
		"embedded jwk": header(`"jwk":` + jwkOf(tb, []byte(testSecret), nil)),
		"jku":          header(`"jku":"https://evil.example/jwks.json"`),
		"x5u":          header(`"x5u":"https://evil.example/chain.pem"`),
		"x5c":          header(`"x5c":["` + base64.StdEncoding.EncodeToString(der) + `"]`),
		"jku null":     header(`"jku":null`),
	})
	add(CodeToken, msgMalformed, "not supported", map[string]string{
		"crit":             header(`"crit":["exp"],"exp":1`),
		"crit empty":       header(`"crit":[]`),
		"crit b64":         header(`"crit":["b64"],"b64":false`),
		"b64":              header(`"b64":false`),
		"JWE with 3 parts": header(`"enc":"A256GCM"`),
		"zip":              header(`"zip":"DEF"`),
	})
	add(CodeToken, msgMalformed, "must be a string", map[string]string{
		"kid a number": header(`"kid":1`), "kid a list": header(`"kid":["hs"]`), "typ an object": header(`"typ":{}`),
	})
	add(CodeToken, msgNoKey, notTried, map[string]string{
		"wrong kid":                      header(`"kid":"nobody"`),
		"kid empty":                      header(`"kid":""`),
		"kid of a path":                  header(`"kid":"../../dev/null"`),
		"kid of SQL":                     header(`"kid":"x' UNION SELECT 'key"`),
		"kid of the RSA key":             header(`"kid":"rsa"`),
		"HS256 with RSA public key, kid": confused(rsaPEM, `{"alg":"HS256","kid":"rsa"}`),
		"HS384 on a key bound to HS256":  mint(tb, jwa.HS384, []byte(testSecret), `{"alg":"HS384"}`, alice),
		"RS384 on a key bound to RS256":  mint(tb, jwa.RS384, k.rsa, `{"alg":"RS384"}`, alice),
		"PS256 on a key bound to RS256":  mint(tb, jwa.PS256, k.rsa, `{"alg":"PS256"}`, alice),
		"ES384 on a P-256 key":           mint(tb, jwa.ES384, k.p384, `{"alg":"ES384"}`, alice),
		"RS256 with the EC key's kid":    mint(tb, jwa.RS256, k.rsa, `{"alg":"RS256","kid":"ec"}`, alice),
		"EdDSA with the HMAC key's kid":  mint(tb, jwa.EdDSA, k.ed25519, `{"alg":"EdDSA","kid":"hs"}`, alice),
	})
	badSignature := map[string]string{
		"HS256 with RSA public key, PEM": confused(rsaPEM, `{"alg":"HS256"}`),
		"HS256 with RSA public key, DER": confused(der, `{"alg":"HS256"}`),
		"HS256 with the modulus":         confused(k.rsa.N.Bytes(), `{"alg":"HS256"}`),
		"HS256 with the RSA JWK":         confused([]byte(jwkOf(tb, &k.rsa.PublicKey, nil)), `{"alg":"HS256"}`),
		"HS256 with the Ed25519 key":     confused(k.ed25519[32:], `{"alg":"HS256"}`),
		"HS256 with another passphrase":  confused([]byte("wrong secret"), `{"alg":"HS256"}`),
		"HS512 called HS256":             mint(tb, jwa.HS512, []byte(testSecret), `{"alg":"HS256"}`, alice),
		"signature missing":              parts[0] + "." + parts[1] + ".",
		"signature cut short":            good[:len(good)-4],
		"signature too long":             good + "AAAA",
		"payload exchanged":              parts[0] + "." + b64(`{"role":"bob"}`) + "." + parts[2],
		"header exchanged":               b64(`{"alg":"HS256","x":1}`) + "." + parts[1] + "." + parts[2],
		"RS256 of another key":           mint(tb, jwa.RS256, k.weakRSA, `{"alg":"RS256"}`, alice),
		"HS256 called RS256":             hs(`{"alg":"RS256"}`, alice),
		"HS256 called EdDSA":             hs(`{"alg":"EdDSA"}`, alice),
		"ES256 of zeros":                 b64(`{"alg":"ES256"}`) + "." + b64(alice) + "." + b64(strings.Repeat("\x00", 64)),
		"ES256 empty":                    b64(`{"alg":"ES256"}`) + "." + b64(alice) + ".",
		"ES256 of another curve":         mint(tb, jwa.ES256, k.p384, `{"alg":"ES256"}`, alice),
		"RS256 of zeros":                 b64(`{"alg":"RS256"}`) + "." + b64(alice) + "." + b64(strings.Repeat("\x00", 256)),
		"EdDSA of zeros":                 b64(`{"alg":"EdDSA"}`) + "." + b64(alice) + "." + b64(strings.Repeat("\x00", 64)),
	}
	add(CodeToken, msgNoKey, notMatched, badSignature)
	add(CodeClaims, msgParsing, "", map[string]string{
		"claims empty":             hs256(tb, ""),
		"claims an array":          hs256(tb, `[{"role":"alice"}]`),
		"claims a string":          hs256(tb, `"alice"`),
		"claims null":              hs256(tb, `null`),
		"claims not JSON":          hs256(tb, `role=alice`),
		"claims with a tail":       hs256(tb, `{"role":"alice"} {"role":"bob"}`),
		"claims with BOM":          hs256(tb, "\ufeff"+alice),
		"claims with bad UTF-8":    hs256(tb, "{\"role\":\"al\xffice\"}"),
		"claims with surrogate":    hs256(tb, `{"role":"al\udfffice"}`),
		"claims with raw NUL":      hs256(tb, "{\"role\":\"alice\x00\"}"),
		"claims nested":            hs256(tb, `{"role":"alice","x":`+strings.Repeat("[", 1000)+strings.Repeat("]", 1000)+`}`),
		"a nested JWT":             hs256(tb, good),
		"role twice":               hs256(tb, `{"role":"alice","role":"bob"}`),
		"role twice, once escaped": hs256(tb, `{"role":"alice","r\u006fle":"bob"}`),
		"exp twice":                hs256(tb, `{"role":"alice","exp":1,"exp":9999999999}`),
		"nested names twice":       hs256(tb, `{"role":"alice","x":{"a":1,"a":2}}`),
		"role twice, many members": hs256(tb, `{"role":"alice",`+manyMembers()+`"role":"bob"}`),
		"number with leading zero": hs256(tb, `{"role":"alice","exp":09999999999}`),
		"number NaN":               hs256(tb, `{"role":"alice","exp":NaN}`),
		"single quotes":            hs256(tb, `{'role':'alice'}`),
		"comment":                  hs256(tb, `{"role":"alice"/**/}`),
	})
	add(CodeClaims, "The JWT 'exp' claim must be a number", "", map[string]string{
		"exp a string": hs256(tb, `{"role":"a","exp":"9999999999"}`), "exp an array": hs256(tb, `{"role":"a","exp":[9999999999]}`),
		"exp true": hs256(tb, `{"role":"a","exp":true}`), "exp an object": hs256(tb, `{"role":"a","exp":{}}`),
	})
	add(CodeClaims, "The JWT 'nbf' claim must be a number", "", map[string]string{"nbf a string": hs256(tb, `{"role":"a","nbf":"0"}`)})
	add(CodeClaims, "The JWT 'iat' claim must be a number", "", map[string]string{"iat a string": hs256(tb, `{"role":"a","iat":"0"}`)})
	add(CodeClaims, "The JWT 'aud' claim must be a string or an array of strings", "", map[string]string{
		"aud a number": hs256(tb, `{"role":"a","aud":1}`), "aud an object": hs256(tb, `{"role":"a","aud":{"x":"y"}}`),
		"aud a mixed list": hs256(tb, `{"role":"a","aud":["x",1]}`),
	})
	add(CodeClaims, "JWT expired", "", map[string]string{
		"expired": hs256(tb, `{"role":"a","exp":1}`), "exp beyond 64 bits": hs256(tb, `{"role":"a","exp":1e999}`),
	})
	add(CodeClaims, "JWT not yet valid", "", map[string]string{"nbf beyond 64 bits": hs256(tb, `{"role":"a","nbf":1e999}`)})
	add(CodeClaims, "JWT issued at future", "", map[string]string{"iat of tomorrow": hs256(tb, `{"role":"a","iat":1700086400}`)})
	add(CodeRole, msgRole, "reserved", map[string]string{
		"role none": hs256(tb, `{"role":"none"}`), "role NONE": hs256(tb, `{"role":"NONE"}`), "role public": hs256(tb, `{"role":"public"}`),
		"role none escaped": hs256(tb, `{"role":"n\u006fne"}`), "role pg_write_all_data": hs256(tb, `{"role":"pg_write_all_data"}`),
	})
	add(CodeRole, msgRole, "longer than 63", map[string]string{
		"role of 64 bytes": hs256(tb, `{"role":"`+strings.Repeat("a", 64)+`"}`), "role of 10 KB": hs256(tb, `{"role":"`+strings.Repeat("é", 5000)+`"}`),
	})
	add(CodeRole, msgRole, "control character", map[string]string{
		"role with NUL": hs256(tb, `{"role":"postgres\u0000x"}`), "role NUL": hs256(tb, `{"role":"\u0000"}`),
		"role with a line break": hs256(tb, `{"role":"alice\nforged log line"}`),
	})
	add(CodeRole, msgRole, "empty", map[string]string{"role empty": hs256(tb, `{"role":""}`)})
	add(CodeRole, msgRole, "not a string", map[string]string{
		"role a number": hs256(tb, `{"role":1}`), "role true": hs256(tb, `{"role":true}`), "role null": hs256(tb, `{"role":null}`),
		"role a list": hs256(tb, `{"role":["alice"]}`), "role an object": hs256(tb, `{"role":{"a":"alice"}}`),
	})
	add(CodeTokenRequired, "Anonymous access is disabled", "", map[string]string{
		"no role": hs256(tb, `{}`), "role in another case": hs256(tb, `{"Role":"alice"}`),
	})
	return append(tests,
		hostile{"two headers", []string{"Bearer " + good, "Bearer " + good}, CodeToken, "Expected one Authorization header", "several"},
		hostile{"two headers, one Basic", []string{"Basic eA==", "Bearer " + good}, CodeToken, "Expected one Authorization header", "several"},
		hostile{"two headers, one empty", []string{"", "Bearer " + good}, CodeToken, "Expected one Authorization header", "several"},
		hostile{"scheme alone", []string{"Bearer"}, CodeToken, "Empty JWT is sent in Authorization header", ""},
		hostile{"scheme twice", []string{"Bearer Bearer " + good}, CodeToken, msgMalformed, ""},
		hostile{"other scheme", []string{"Token " + good}, CodeTokenRequired, "Anonymous access is disabled", ""},
		hostile{"no space after the scheme", []string{"Bearer" + good}, CodeTokenRequired, "Anonymous access is disabled", ""},
		hostile{"no-break space after the scheme", []string{"Bearer\u00a0" + good}, CodeTokenRequired, "Anonymous access is disabled", ""},
		hostile{"no header", nil, CodeTokenRequired, "Anonymous access is disabled", ""},
	)
}

// stray sets the lowest bit of the last character, which carries none of the
// signature's 256 or the payload's 128 bits.
func stray(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last|1])
}

func manyMembers() string {
	var b strings.Builder
	for i := range 40 {
		b.WriteString(`"x` + strings.Repeat("y", i) + `":0,`)
	}
	return b.String()
}

func hostileConfig(tb testing.TB) Config {
	k := sharedKeys()
	return Config{Secret: `{"keys":[` + strings.Join([]string{
		jwkOf(tb, []byte(testSecret), map[string]any{"kid": "hs", "alg": "HS256"}),
		jwkOf(tb, &k.rsa.PublicKey, map[string]any{"kid": "rsa", "alg": "RS256"}),
		jwkOf(tb, &k.p256.PublicKey, map[string]any{"kid": "ec"}),
		jwkOf(tb, k.ed25519.Public(), map[string]any{"kid": "ed"}),
	}, ",") + `]}`}
}

func TestHostileTokens(t *testing.T) {
	t.Parallel()
	tests := hostileTokens(t)
	t.Logf("%d hostile tokens", len(tests))
	cfg := hostileConfig(t)
	for _, entries := range []int{0, 50} {
		cfg.CacheMaxEntries = entries
		v := newTestVerifier(t, cfg)
		if _, err := authenticate(v, hs256(t, `{"role":"alice"}`)); err != nil {
			t.Fatalf("the good token is refused: %v", err)
		}
		for _, test := range tests {
			for range 2 {
				got := refusalOf(t, v, test.authorization...)
				if got.Code != test.code || got.Message != test.message || !strings.Contains(got.Details, test.details) {
					t.Errorf("%s: %+v\nwant %s %s (%s)", test.name, got, test.code, test.message, test.details)
				}
				if text := got.Error() + got.Challenge + got.Hint; strings.Contains(text, "alice") || strings.Contains(text, "evil") || len(text) > 400 {
					t.Errorf("%s: the refusal shows the token: %s", test.name, text)
				}
			}
		}
	}
}
