package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// minSecretBytes and minRSABits are the shortest keys accepted: PostgREST's
// minimum and RFC 7518 section 3.3's.
const (
	minSecretBytes = 32
	minRSABits     = 2048
)

// key is one key of the configuration with the algorithms that belong to it.
type key struct {
	id        string
	hasID     bool
	algs      []boundAlgorithm
	verifying any // []byte, *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
	signing   any // the same []byte or a private key; nil if only public
}

// boundAlgorithm is an algorithm a key may verify.
type boundAlgorithm struct {
	name     jwa.SignatureAlgorithm
	verifier jws.Verifier
}

// serves reports whether the key may be tried for a token with this header.
// A token that names its key is only tried with keys of that name.
func (k *key) serves(head header) bool {
	if head.hasKid && (!k.hasID || k.id != head.kid) {
		return false
	}
	return slices.ContainsFunc(k.algs, func(a boundAlgorithm) bool { return a.name == head.alg })
}

// verify reports whether the signature over signed is this key's. It is false
// for an algorithm that does not belong to the key.
func (k *key) verify(alg jwa.SignatureAlgorithm, signed, signature []byte) bool {
	for _, a := range k.algs {
		if a.name == alg {
			return a.verifier.Verify(signed, signature, k.verifying) == nil
		}
	}
	return false
}

// bind gives the key its algorithms: the one that the configuration names, or
// else all that are for keys of its type. It fails if the key is too weak or
// the named algorithm is not for it.
func (k *key) bind(named string) error {
	fitting, err := algorithmsFor(k.verifying)
	if err != nil {
		return err
	}
	if named != "" {
		if !slices.Contains(fitting, jwa.SignatureAlgorithm(named)) {
			return fmt.Errorf("alg %q is not for this type of key, allowed: %v", named, fitting)
		}
		fitting = []jwa.SignatureAlgorithm{jwa.SignatureAlgorithm(named)}
	}
	k.algs = nil
	for _, name := range fitting {
		verifier, err := jws.NewVerifier(name)
		if err != nil {
			return fmt.Errorf("find a verifier for %s: %w", name, err)
		}
		k.algs = append(k.algs, boundAlgorithm{name, verifier})
	}
	return nil
}

// algorithms lists every signature algorithm of a token this package accepts.
func algorithms() []jwa.SignatureAlgorithm {
	return []jwa.SignatureAlgorithm{
		jwa.HS256, jwa.HS384, jwa.HS512,
		jwa.RS256, jwa.RS384, jwa.RS512,
		jwa.PS256, jwa.PS384, jwa.PS512,
		jwa.ES256, jwa.ES384, jwa.ES512,
		jwa.EdDSA,
	}
}

// algorithmsFor lists the algorithms that belong to a verifying key.
func algorithmsFor(verifying any) ([]jwa.SignatureAlgorithm, error) {
	switch k := verifying.(type) {
	case []byte:
		if len(k) < minSecretBytes {
			return nil, errors.New("The JWT secret must be at least 32 characters long.") //nolint:staticcheck // PostgREST's text
		}
		return []jwa.SignatureAlgorithm{jwa.HS256, jwa.HS384, jwa.HS512}, nil
	case *rsa.PublicKey:
		if k.N.BitLen() < minRSABits {
			return nil, errors.New("an RSA key must have at least 2048 bits")
		}
		return []jwa.SignatureAlgorithm{
			jwa.RS256, jwa.RS384, jwa.RS512, jwa.PS256, jwa.PS384, jwa.PS512,
		}, nil
	case *ecdsa.PublicKey:
		// ECDH checks that the point is on the curve.
		if _, err := k.ECDH(); err != nil {
			return nil, errors.New("the point of the EC key is not on its curve")
		}
		switch k.Curve.Params().BitSize {
		case 256:
			return []jwa.SignatureAlgorithm{jwa.ES256}, nil
		case 384:
			return []jwa.SignatureAlgorithm{jwa.ES384}, nil
		case 521:
			return []jwa.SignatureAlgorithm{jwa.ES512}, nil
		}
	case ed25519.PublicKey:
		return []jwa.SignatureAlgorithm{jwa.EdDSA}, nil
	}
	return nil, errors.New("keys of this type cannot verify a signature")
}
