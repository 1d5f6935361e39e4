package config

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// minSecretBytes is the least length of an HMAC key: RFC 7518, section 3.2,
// wants as many bits as the hash has, 256.
const minSecretBytes = 32

// maxFileBytes bounds what is read from a file, so that naming an endless one by
// mistake is an error and not the end of memory.
const maxFileBytes = 1 << 20

// reference is a value of the form @filename with what was read from the file. A
// function holds the text, since package fmt prints all but what functions hold.
type reference struct {
	path string
	text func() []byte
}

// secretText makes a parameter for keys that a file may hold, without base64.
func secretText(name string, field func(*Config) *Secret, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		textual: true,
		reset:   func(c *Config) { *field(c) = nil },
		set: func(c *Config, v value) *problem {
			*field(c) = Secret(v.text)
			return nil
		},
		get: func(c *Config) string { return quote(string(*field(c))) },
	})
}

// jwtSecret makes the parameter for the key. set leaves the text as it was
// written; resolveSecret turns it into the key when all else is known.
func jwtSecret(name, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		textual: true,
		reset:   func(c *Config) { c.JWTSecret = nil },
		set: func(c *Config, v value) *problem {
			c.JWTSecret = Secret(v.text)
			return nil
		},
		get: func(c *Config) string {
			if c.JWTSecretIsBase64 {
				return quote(base64.StdEncoding.EncodeToString(c.JWTSecret))
			}
			return quote(string(c.JWTSecret))
		},
	})
}

// resolveSecret reads jwt-secret's file, decodes its base64 and checks its
// length. One line feed at the end of a file does not belong to the key.
func (c *Config) resolveSecret(previous *Config) *ValueError {
	const name = "jwt-secret"
	if path, ok := strings.CutPrefix(string(c.JWTSecret), "@"); ok {
		text, err := c.dereference(name, path, previous)
		if err != nil {
			return c.Reject(name, "cannot read the secret's file", err)
		}
		c.JWTSecret = Secret(bytes.TrimSuffix(text, []byte("\n")))
	}
	if len(c.JWTSecret) == 0 {
		c.JWTSecret = nil
		if c.Origin(name).Source == SourceDefault {
			return nil
		}
		return c.Reject(name, "the secret's file is empty", nil)
	}
	if c.JWTSecretIsBase64 {
		// URL-safe base64 is taken too, with dots for its padding.
		standard := strings.NewReplacer("_", "/", "-", "+", ".", "=").Replace(strings.TrimSpace(string(c.JWTSecret)))
		key, err := base64.StdEncoding.DecodeString(standard)
		if err != nil {
			return c.Reject(name, "the secret is not base64, though jwt-secret-is-base64 is true", nil)
		}
		c.JWTSecret = key
	}
	if len(c.JWTSecret) < minSecretBytes && !isJSONObject(c.JWTSecret) {
		return c.Reject(name, "The JWT secret must be at least 32 characters long.", nil)
	}
	return nil
}

// isJSONObject tells whether text is a JSON Web Key or a set, by its form.
func isJSONObject(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) && json.Valid(text)
}

// resolveExchangeSecret reads jwt-exchange-secret's file and checks its length.
// One line feed at the end of a file does not belong to the key.
func (c *Config) resolveExchangeSecret(previous *Config) *ValueError {
	const name = "jwt-exchange-secret"
	if path, ok := strings.CutPrefix(string(c.JWTExchangeSecret), "@"); ok {
		text, err := c.dereference(name, path, previous)
		if err != nil {
			return c.Reject(name, "cannot read the secret's file", err)
		}
		c.JWTExchangeSecret = Secret(bytes.TrimSuffix(text, []byte("\n")))
	} else if len(c.JWTExchangeSecret) == 0 {
		return nil
	}
	if !isJSONObject(c.JWTExchangeSecret) && len(c.JWTExchangeSecret) < minSecretBytes {
		return c.Reject(name, "the secret must have at least 32 bytes", nil)
	}
	return nil
}

// resolveIssuers reads jwt-issuers' file. What the issuers are the room for
// tokens understands; here it is only JSON.
func (c *Config) resolveIssuers(previous *Config) *ValueError {
	const name = "jwt-issuers"
	if path, ok := strings.CutPrefix(c.JWTIssuers, "@"); ok {
		text, err := c.dereference(name, path, previous)
		if err != nil {
			return c.Reject(name, "cannot read the issuers' file", err)
		}
		c.JWTIssuers = string(bytes.TrimSpace(text))
	} else if c.JWTIssuers == "" {
		return nil
	}
	if !strings.HasPrefix(strings.TrimSpace(c.JWTIssuers), "[") || !json.Valid([]byte(c.JWTIssuers)) {
		return c.Reject(name, "this is not a JSON array of issuers", nil)
	}
	return nil
}

// resolveURI reads db-uri's file. Space about the text in it is dropped.
func (c *Config) resolveURI(previous *Config) *ValueError {
	const name = "db-uri"
	path, ok := strings.CutPrefix(string(c.DBURI), "@")
	if !ok {
		return nil
	}
	text, err := c.dereference(name, path, previous)
	if err != nil {
		return c.Reject(name, "cannot read the connection string's file", err)
	}
	c.DBURI = ConnString(bytes.TrimSpace(text))
	return nil
}

// dereference reads the file that name's value refers to. A pipe such as
// /dev/stdin can be read only once, so that at a reload the earlier contents
// serve; a regular file is read anew.
func (c *Config) dereference(name, path string, previous *Config) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && previous != nil {
		if known, ok := previous.references[name]; ok && known.path == path {
			c.references[name] = known
			return known.text(), nil
		}
	}
	text, err := readBounded(file)
	if err != nil {
		return nil, err
	}
	c.references[name] = reference{path: path, text: func() []byte { return text }}
	return text, nil
}

// readFile reads a file of at most maxFileBytes.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readBounded(file)
}

func readBounded(file *os.File) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		// The path is named by the caller or by the error itself.
		var pathError *os.PathError
		if errors.As(err, &pathError) {
			return nil, err
		}
		return nil, fmt.Errorf("read %s: %w", file.Name(), err)
	}
	if len(text) > maxFileBytes {
		return nil, fmt.Errorf("%s is larger than %d bytes", file.Name(), maxFileBytes)
	}
	return text, nil
}
