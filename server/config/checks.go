package config

import (
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
)

// socketMode makes a parameter for the permissions of a Unix socket.
func socketMode(name string, field func(*Config) *fs.FileMode, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		textual: true,
		reset:   func(c *Config) { *field(c) = 0o660 },
		set: func(c *Config, v value) *problem {
			const allowed = `an octal number in quotes, from "600" to "777"`
			mode, err := strconv.ParseUint(v.text, 8, 32)
			if err != nil {
				return &problem{what: fmt.Sprintf("%q is not an octal number", v.text), allowed: allowed}
			}
			if mode < 0o600 || mode > 0o777 {
				return &problem{what: fmt.Sprintf("%o is out of range", mode), allowed: allowed}
			}
			*field(c) = fs.FileMode(mode)
			return nil
		},
		get: func(c *Config) string { return quote(strconv.FormatUint(uint64(*field(c)), 8)) },
	})
}

// checkSchemas refuses the system catalogs, which nobody may expose.
func checkSchemas(schemas []string) *problem {
	const allowed = "names of schemas between commas, other than pg_catalog and information_schema"
	for _, s := range schemas {
		if s == "pg_catalog" || s == "information_schema" {
			return &problem{what: fmt.Sprintf("db-schemas does not allow schema: '%s'", s), allowed: allowed}
		}
	}
	if len(schemas) == 0 {
		return &problem{what: "no schema is named", allowed: allowed}
	}
	return nil
}

// checkAudience wants a URI where there is a colon, as RFC 7519 does of a StringOrURI.
func checkAudience(aud string) *problem {
	if !strings.Contains(aud, ":") || isURI(aud) {
		return nil
	}
	return &problem{what: "jwt-aud should be a string or a valid URI", allowed: "text without a colon, or a URI"}
}

// checkProxyURI wants an http URI with a host, without user, query and fragment.
func checkProxyURI(uri string) *problem {
	malformed := &problem{
		what:    "malformed proxy URI",
		allowed: "scheme (http or https), host, port and path, such as https://example.com:8443/basePath",
	}
	u, err := url.Parse(uri)
	if err != nil || !isURI(uri) || u.Scheme != "http" && u.Scheme != "https" ||
		u.Hostname() == "" || u.User != nil || strings.ContainsAny(uri, "?#") {
		return malformed
	}
	if strings.HasSuffix(u.Host, ":") {
		return malformed
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return malformed
		}
	}
	return nil
}

// isURI tells whether text is an absolute URI by RFC 3986, appendix A.
func isURI(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return false
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', isDigit(c):
		case c == '%':
			if i+2 >= len(text) {
				return false
			}
			if _, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err != nil {
				return false
			}
		case !strings.ContainsRune("-._~:/?#[]@!$&'()*+,;=", rune(c)):
			return false
		}
	}
	return true
}

// checkHeaderName wants a token by RFC 9110, section 5.6.2.
func checkHeaderName(name string) *problem {
	for _, r := range name {
		if r > 0x7e || r <= ' ' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) {
			return &problem{
				what:    fmt.Sprintf("%q is not the name of a header", name),
				allowed: "letters, digits and !#$%&'*+-.^_`|~",
			}
		}
	}
	return nil
}

// checkCookieName wants a token by RFC 6265, section 4.1.1.
func checkCookieName(name string) *problem {
	if p := checkHeaderName(name); p != nil {
		return &problem{what: fmt.Sprintf("%q is not the name of a cookie", name), allowed: p.allowed}
	}
	return nil
}

// checkChannel wants a name that LISTEN keeps whole: PostgreSQL cuts identifiers
// at 63 bytes.
func checkChannel(name string) *problem {
	if len(name) > 63 {
		return &problem{what: fmt.Sprintf("the name has %d bytes", len(name)), allowed: "at most 63 bytes"}
	}
	return nil
}
