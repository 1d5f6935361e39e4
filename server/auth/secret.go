package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// parseSecret reads jwt-secret: a passphrase, a JWK or a JWKS. It returns no
// keys for "". Keys of a set that can verify no token are left out, each with
// a warning. Errors and warnings carry nothing of a key but its kid.
func parseSecret(secret string, isBase64 bool) (keys []key, warnings []string, err error) {
	if secret == "" {
		return nil, nil, nil
	}
	if isBase64 {
		if secret, err = decodeSecret(secret); err != nil {
			return nil, nil, err
		}
	}
	doc, err := parseJSON(secret)
	if err == nil && doc.kind == kindObject {
		return parseJWKS(secret, &doc)
	}
	if err := refusePassphrase(secret); err != nil {
		return nil, nil, err
	}
	k := key{verifying: []byte(secret), signing: []byte(secret)}
	if err := k.bind(string(jwa.HS256)); err != nil {
		return nil, nil, err
	}
	return []key{k}, nil, nil
}

// decodeSecret decodes base64 in the alphabets PostgREST takes.
func decodeSecret(secret string) (string, error) {
	text := strings.NewReplacer("_", "/", "-", "+", ".", "=").Replace(strings.TrimSpace(secret))
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return "", errors.New("the text is not base64, but jwt-secret-is-base64 is on")
	}
	return string(decoded), nil
}

// refusePassphrase refuses texts that were meant to be a public key. Taken for
// a passphrase they would let everyone who has the public key sign tokens.
func refusePassphrase(secret string) error {
	text := strings.TrimSpace(secret)
	switch {
	case strings.HasPrefix(text, "-----BEGIN"):
		return errors.New("the text is in PEM form; write the key as a JSON Web Key")
	case strings.HasPrefix(text, "{") && (strings.Contains(text, `"kty"`) || strings.Contains(text, `"keys"`)):
		return errors.New("the text looks like a JSON Web Key or set, but it is not valid JSON")
	}
	return nil
}

// parseJWKS reads a JWK, or the members of a JWKS.
func parseJWKS(secret string, doc *value) (keys []key, warnings []string, err error) {
	members := []value{*doc}
	if set := doc.get("keys"); set != nil {
		if set.kind != kindArray {
			return nil, nil, errors.New(`"keys" must be an array of JSON Web Keys`)
		}
		members = set.elems
	}
	for i := range members {
		jwkDoc := &members[i]
		place := placeOf(i, jwkDoc)
		if reason := unusable(jwkDoc); reason != "" {
			warnings = append(warnings, place+" is left out: "+reason)
			continue
		}
		k, err := parseJWK(secret[jwkDoc.start:jwkDoc.end], jwkDoc)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", place, err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, nil, errors.New(strings.Join(append([]string{"no key in it can verify a token"}, warnings...), "; "))
	}
	return keys, warnings, nil
}

// unusable says why a well-formed JWK is not for verifying signatures, or "".
func unusable(doc *value) string {
	text := func(name string) string {
		if v := doc.get(name); v != nil && v.kind == kindString {
			return v.text
		}
		return ""
	}
	if ops := doc.get("key_ops"); ops != nil && !slices.ContainsFunc(ops.elems, func(op value) bool {
		return op.kind == kindString && (op.text == "verify" || op.text == "sign")
	}) {
		return "its key_ops do not contain verify"
	}
	alg, crv := text("alg"), text("crv")
	switch {
	case text("use") == "enc":
		return "it is for encryption"
	case alg != "" && !slices.Contains(algorithms(), jwa.SignatureAlgorithm(alg)):
		return fmt.Sprintf("alg %q is not supported", alg)
	}
	switch kty := text("kty"); kty {
	case "oct", "RSA":
		return ""
	case "EC":
		if crv != "P-256" && crv != "P-384" && crv != "P-521" {
			return fmt.Sprintf("crv %q is not supported", crv)
		}
	case "OKP":
		if crv != "Ed25519" {
			return fmt.Sprintf("crv %q is not supported", crv)
		}
	default:
		return fmt.Sprintf("kty %q is not supported", kty)
	}
	return ""
}

// parseJWK reads one JWK. What jwx says of a failure is not passed on, since
// it may quote the key.
func parseJWK(text string, doc *value) (key, error) {
	parsed, err := jwk.ParseKey([]byte(text))
	if err != nil {
		return key{}, errors.New("the JSON Web Key is malformed")
	}
	var raw any
	if err := parsed.Raw(&raw); err != nil {
		return key{}, errors.New("the JSON Web Key is malformed")
	}
	var k key
	switch raw := raw.(type) {
	case []byte:
		k.verifying, k.signing = raw, raw
	case *rsa.PublicKey:
		k.verifying = raw
	case *rsa.PrivateKey:
		k.verifying, k.signing = &raw.PublicKey, raw
	case *ecdsa.PublicKey:
		k.verifying = raw
	case *ecdsa.PrivateKey:
		k.verifying, k.signing = &raw.PublicKey, raw
	case ed25519.PublicKey:
		k.verifying = raw
	case ed25519.PrivateKey:
		k.verifying, k.signing = raw.Public().(ed25519.PublicKey), raw
	}
	if kid := doc.get("kid"); kid != nil && kid.kind == kindString {
		k.id, k.hasID = kid.text, true
	}
	return k, k.bind(parsed.Algorithm().String())
}
