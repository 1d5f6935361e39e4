package auth

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

// maxRemoteKeys is the most keys that are taken from one issuer.
const maxRemoteKeys = 100

// parseRemoteKeys reads a JWKS that an issuer publishes. Keys that cannot
// verify a token by one of the algorithms are left out, each with a warning, as
// are malformed ones: an issuer may well publish what we do not know. A set
// without any other key is the issuer's word that it has none.
func parseRemoteKeys(text string, algorithms []jwa.SignatureAlgorithm) (keys []key, warnings []string, err error) {
	doc, err := parseJSON(text)
	if err != nil {
		return nil, nil, err
	}
	set := doc.get("keys")
	if set == nil || set.kind != kindArray {
		return nil, nil, errors.New(`the document is no JSON Web Key Set: it has no array "keys"`)
	}
	if len(set.elems) > maxRemoteKeys {
		return nil, nil, fmt.Errorf("the set has more than %d keys", maxRemoteKeys)
	}
	for i := range set.elems {
		jwkDoc := &set.elems[i]
		k, reason := parseRemoteKey(text[jwkDoc.start:jwkDoc.end], jwkDoc, algorithms)
		if reason != "" {
			warnings = append(warnings, fmt.Sprintf("%s is left out: %s", placeOf(i, jwkDoc), reason))
			continue
		}
		keys = append(keys, k)
	}
	return keys, warnings, nil
}

func parseRemoteKey(text string, doc *value, algorithms []jwa.SignatureAlgorithm) (k key, reason string) {
	if reason := unusable(doc); reason != "" {
		return key{}, reason
	}
	k, err := parseJWK(text, doc)
	if err != nil {
		return key{}, err.Error()
	}
	if _, symmetric := k.verifying.([]byte); symmetric {
		// Everyone who can read the set could sign with it.
		return key{}, "it is symmetric"
	}
	k.signing = nil
	k.algs = slices.DeleteFunc(k.algs, func(a boundAlgorithm) bool { return !slices.Contains(algorithms, a.name) })
	if len(k.algs) == 0 {
		return key{}, "it is for none of the issuer's algorithms"
	}
	return k, ""
}

// placeOf names a key of a set by its position and kid.
func placeOf(i int, doc *value) string {
	place := fmt.Sprintf("key %d", i+1)
	if kid := doc.get("kid"); kid != nil && kid.kind == kindString {
		place += fmt.Sprintf(" (kid %q)", kid.text)
	}
	return place
}
