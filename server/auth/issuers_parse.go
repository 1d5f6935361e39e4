package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

// ParseIssuers reads jwt-issuers: a JSON array of objects, whose members are
// named at the fields of [Issuer]. An unknown or repeated member is an error. It
// returns none for "".
func ParseIssuers(text string) ([]Issuer, error) {
	if text == "" {
		return nil, nil
	}
	doc, err := parseJSON(text)
	if err != nil {
		return nil, fmt.Errorf("auth: read jwt-issuers: %w", err)
	}
	if doc.kind != kindArray {
		return nil, errors.New("auth: read jwt-issuers: it is not a JSON array of objects")
	}
	issuers := make([]Issuer, len(doc.elems))
	for i := range doc.elems {
		if err := issuers[i].parse(&doc.elems[i]); err != nil {
			return nil, fmt.Errorf("auth: read jwt-issuers: issuer %d: %w", i+1, err)
		}
	}
	if err := (Config{Issuers: issuers}).withDefaults().checkIssuers(); err != nil {
		return nil, err
	}
	return issuers, nil
}

func (i *Issuer) parse(doc *value) error {
	if doc.kind != kindObject {
		return errors.New("it is not a JSON object")
	}
	for j := range doc.members {
		name, val := doc.members[j].name, &doc.members[j].value
		var err error
		switch name {
		case "issuer":
			i.Issuer, err = val.asText()
		case "audience":
			i.Audience, err = val.asTexts()
		case "audience-claim":
			i.AudienceClaim, err = val.asText()
		case "jwks-uri":
			i.JWKSURI, err = val.asText()
		case "algorithms":
			i.Algorithms, err = val.asTexts()
		case "role-claim-key":
			i.RoleClaimKey, err = val.asText()
		case "role-map":
			i.RoleMap, err = val.asRoleMap()
		default:
			err = errors.New("there is no such member; allowed: issuer, audience, audience-claim, jwks-uri, algorithms, role-claim-key, role-map")
		}
		if err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
	}
	return nil
}

func (v *value) asText() (string, error) {
	if v.kind != kindString || v.text == "" {
		return "", errors.New("it must be a text, and not empty")
	}
	return v.text, nil
}

// asTexts reads an array of texts, or one text.
func (v *value) asTexts() ([]string, error) {
	elems := []value{*v}
	if v.kind == kindArray {
		elems = v.elems
	}
	var out []string
	for i := range elems {
		text, err := elems[i].asText()
		if err != nil {
			return nil, errors.New("it must be a text or an array of texts, none of them empty")
		}
		out = append(out, text)
	}
	if out == nil {
		return nil, errors.New("the array is empty")
	}
	return out, nil
}

func (v *value) asRoleMap() ([]RoleMapping, error) {
	if v.kind != kindObject || len(v.members) == 0 {
		return nil, errors.New("it must be an object from groups to roles, and not empty")
	}
	var out []RoleMapping
	for i := range v.members {
		role, err := v.members[i].value.asText()
		if err != nil {
			return nil, fmt.Errorf("%q: the role must be a text", v.members[i].name)
		}
		out = append(out, RoleMapping{Group: v.members[i].name, Role: role})
	}
	return out, nil
}

// checkIssuers checks all that can be known of the issuers without asking them.
func (c Config) checkIssuers() error {
	seen := map[string]bool{}
	if c.ExchangeSecret != "" {
		seen[c.ExchangeIssuer] = true
	}
	for n, i := range c.Issuers {
		err := i.check(c)
		if err == nil && seen[i.Issuer] {
			err = errors.New("another has the same name")
		}
		if err != nil {
			return fmt.Errorf("auth: check jwt-issuers: issuer %d (%s): %w", n+1, i.Issuer, err)
		}
		seen[i.Issuer] = true
	}
	return nil
}

func (i *Issuer) check(c Config) error {
	switch {
	case i.Issuer == "":
		return errors.New("issuer is missing")
	case len(i.Audience) == 0:
		return errors.New("audience is missing; name what the issuer calls this API, or the client that its tokens are for")
	case slices.Contains(i.Audience, ""):
		return errors.New("audience has an empty text")
	}
	if i.JWKSURI != "" {
		if reason := refuseURL(i.JWKSURI, true); reason != "" {
			return fmt.Errorf("jwks-uri: %s", reason)
		}
	} else if reason := refuseDiscovery(i.Issuer); reason != "" {
		return fmt.Errorf("issuer: %s; or name the keys' address in jwks-uri", reason)
	}
	for _, name := range i.Algorithms {
		if !slices.Contains(remoteAlgorithms(), jwa.SignatureAlgorithm(name)) {
			return fmt.Errorf("algorithms: %q is not one of %v", name, remoteAlgorithms())
		}
	}
	for _, m := range i.RoleMap {
		if m.Group == "" {
			return errors.New("role-map: a group has no name")
		}
		if reason := refuseRole(m.Role); reason != "" {
			return fmt.Errorf("role-map: %q: %s", m.Group, reason)
		}
	}
	if _, err := parseRoleClaimKey(i.roleClaimKey(c)); err != nil {
		return fmt.Errorf("role-claim-key: %w", err)
	}
	return nil
}

// refuseDiscovery says why discovery cannot start from an issuer's name.
func refuseDiscovery(issuer string) string {
	if strings.Contains(issuer, "?") {
		return "it has a query"
	}
	return refuseURL(issuer, true)
}
