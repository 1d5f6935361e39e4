package auth

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

// maxTokenBytes is the longest token that is looked at.
const maxTokenBytes = 16 << 10

// verify checks a token's form, header and signature and reads its claims.
func (v *Verifier) verify(token string) verdict {
	if token == "" {
		return verdict{refusal: tokenError("Empty JWT is sent in Authorization header", "")}
	}
	if len(token) > maxTokenBytes {
		return verdict{refusal: tokenError("JWT is too long", "the limit is 16384 bytes")}
	}
	if parts := strings.Count(token, ".") + 1; parts != 3 {
		return verdict{refusal: tokenError("Expected 3 parts in JWT; got "+strconv.Itoa(parts), "")}
	}
	first, last := strings.IndexByte(token, '.'), strings.LastIndexByte(token, '.')

	header, ok := decodePart(token[:first])
	if !ok {
		return verdict{refusal: malformed("")}
	}
	head, refusal := readHeader(string(header))
	if refusal != nil {
		return verdict{refusal: refusal}
	}
	payload, ok := decodePart(token[first+1 : last])
	if !ok {
		return verdict{refusal: malformed("")}
	}
	signature, ok := decodePart(token[last+1:])
	if !ok {
		return verdict{refusal: malformed("")}
	}
	return v.verifyParts(head, []byte(token[:last]), signature, string(payload))
}

// verifyParts checks the signature with the keys of the party that the token
// says it is from.
func (v *Verifier) verifyParts(head header, signed, signature []byte, payload string) verdict {
	from := v.local
	var claims value
	var claimsErr error
	if v.issuers != nil {
		// Claims that cannot be read name no issuer, and are refused below.
		claims, claimsErr = parseJSON(payload)
		from = v.judge(&claims)
	}
	set, refusal := from.keysFor(head)
	if refusal != nil {
		return verdict{refusal: refusal}
	}
	if set == nil {
		return verdict{refusal: keysUnavailable(), lacks: from.remote}
	}

	// Only keys that this algorithm belongs to are tried, whatever the header
	// would like. If the token names a key, only that one.
	tried := false
	for i := range set.keys {
		k := &set.keys[i]
		if !k.serves(head) {
			continue
		}
		tried = true
		if k.verify(head.alg, signed, signature) {
			if v.issuers == nil {
				claims, claimsErr = parseJSON(payload)
			}
			return v.identify(from, set, payload, &claims, claimsErr)
		}
	}
	if tried {
		return verdict{refusal: unsuitableKey("None of the keys was able to decode the JWT")}
	}
	found := verdict{refusal: unsuitableKey("No suitable key was found to decode the JWT")}
	if head.hasKid && !set.names(head.kid) {
		found.lacks = from.remote
	}
	return found
}

// decodePart decodes base64url without padding. Bits that the last character
// has to spare must be zero, and line breaks, which encoding/base64 skips, are
// refused: otherwise one token could be written in several ways.
func decodePart(part string) ([]byte, bool) {
	if strings.ContainsAny(part, "\r\n") {
		return nil, false
	}
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(part)
	return decoded, err == nil
}

// header is what this package uses of a JOSE header (RFC 7515 section 4).
type header struct {
	alg    jwa.SignatureAlgorithm
	kid    string
	hasKid bool
}

// readHeader reads a JOSE header and refuses what could change how the token
// is to be understood.
func readHeader(text string) (header, *Error) {
	object, err := parseJSON(text)
	if err != nil || object.kind != kindObject {
		return header{}, malformed("")
	}
	for i := range object.members {
		name, val := object.members[i].name, &object.members[i].value
		switch name {
		case "jwk", "jku", "x5u", "x5c":
			return header{}, malformed("the header member '" + name + "' is not allowed, keys come from the configuration only")
		case "crit", "b64":
			return header{}, malformed("the header member '" + name + "' is not supported")
		case "enc", "zip":
			return header{}, malformed("encrypted or compressed tokens are not supported")
		case "kid", "typ", "cty":
			if val.kind != kindString && val.kind != kindNull {
				return header{}, malformed("the header member '" + name + "' must be a string")
			}
		}
	}
	alg := object.get("alg")
	if alg == nil || alg.kind != kindString {
		return header{}, malformed("")
	}
	if alg.text == "none" {
		return header{}, tokenError("Wrong or unsupported encoding algorithm",
			"JWT is unsecured but expected 'alg' was not 'none'")
	}
	head := header{alg: jwa.SignatureAlgorithm(alg.text)}
	if !slices.Contains(algorithms(), head.alg) {
		return header{}, malformed("")
	}
	if kid := object.get("kid"); kid != nil && kid.kind == kindString {
		head.kid, head.hasKid = kid.text, true
	}
	return head, nil
}
