package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// Sign makes an HS256 token from a passphrase of at least 32 bytes.
func Sign(secret []byte, claims map[string]any) (string, error) {
	k := key{verifying: secret, signing: secret}
	if err := k.bind(string(jwa.HS256)); err != nil {
		return "", fmt.Errorf("auth: sign a token: %w", err)
	}
	return k.sign(claims)
}

// Signer makes tokens that a Verifier with the same secret accepts.
type Signer struct {
	key key
}

// NewSigner reads Secret as New does and takes the first key of it that can
// sign: a passphrase, a symmetric JWK or a private one. It fails if there is
// none. Only Secret and SecretIsBase64 are used.
func NewSigner(cfg Config) (*Signer, error) {
	keys, _, err := parseSecret(cfg.Secret, cfg.SecretIsBase64)
	if err != nil {
		return nil, fmt.Errorf("auth: read jwt-secret: %w", err)
	}
	for _, k := range keys {
		if k.signing != nil {
			return &Signer{key: k}, nil
		}
	}
	return nil, errors.New("auth: jwt-secret holds no key that can sign, only public ones or none")
}

// Sign makes a token. The claims are encoded as encoding/json does.
func (s *Signer) Sign(claims map[string]any) (string, error) {
	return s.key.sign(claims)
}

// sign uses the first of the key's algorithms.
func (k *key) sign(claims map[string]any) (string, error) {
	alg := k.algs[0].name
	head := struct {
		Alg string `json:"alg"`
		Typ string `json:"typ"`
		Kid string `json:"kid,omitempty"`
	}{alg.String(), "JWT", k.id}
	headPart, err := encodePart(head)
	if err != nil {
		return "", err
	}
	if claims == nil {
		claims = map[string]any{}
	}
	claimsPart, err := encodePart(claims)
	if err != nil {
		return "", err
	}
	signer, err := jws.NewSigner(alg)
	if err != nil {
		return "", fmt.Errorf("auth: find a signer for %s: %w", alg, err)
	}
	signed := headPart + "." + claimsPart
	signature, err := signer.Sign([]byte(signed), k.signing)
	if err != nil {
		return "", fmt.Errorf("auth: sign a token with %s: %w", alg, err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func encodePart(v any) (string, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("auth: encode a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(bytes.TrimSuffix(buf.Bytes(), []byte("\n"))), nil
}
