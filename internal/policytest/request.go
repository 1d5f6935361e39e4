package policytest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// claims are those of the step, with the role.
func (s *Step) claims(role string) string {
	all := map[string]any{"role": role}
	for name, value := range s.Claims {
		all[name] = value
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "{}" // what was read as JSON can be written
	}
	return string(text)
}

// NewRequest makes a request as a client would send it. target is a path with its query, in which what a URL may not hold is
// escaped; headers are lines as in HTTP. A body is JSON unless they say otherwise.
func NewRequest(ctx context.Context, method, target string, headers []string, body string) (*http.Request, error) {
	escaped := escapeTarget(target)
	u, err := url.ParseRequestURI(escaped)
	if err != nil || !strings.HasPrefix(target, "/") {
		return nil, fmt.Errorf("%q is not a path such as /chat?id=eq.5", target)
	}
	r, err := http.NewRequestWithContext(ctx, strings.ToUpper(method), "http://localhost/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.URL, r.RequestURI = u, escaped
	for _, line := range headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("the header %q is not of the form NAME: VALUE", line)
		}
		r.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if body != "" && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

// request makes the request of a step. Writes are asked how many rows they change.
func (s *Step) request(ctx context.Context) (*http.Request, error) {
	r, err := NewRequest(ctx, s.Method, s.Target, s.Header, strings.TrimSpace(s.Body))
	if err != nil {
		return nil, err
	}
	if s.Method != http.MethodGet && s.Method != http.MethodHead {
		r.Header.Add("Prefer", "count=exact")
	}
	return r, nil
}

// escapeTarget escapes what a URL may not hold.
func escapeTarget(s string) string {
	var out strings.Builder
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&out, "%%%02X", c)
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}

// endsTransaction returns the word by which a statement would begin, end or prepare a transaction, "" for others. A step is one
// statement, so that its first word tells (PostgreSQL manual, 4.1.5 Comments).
func endsTransaction(sql string) string {
	word := firstWord(sql)
	switch word {
	case "abort", "begin", "commit", "end", "release", "rollback", "savepoint", "start":
		return word
	case "prepare":
		if firstWord(sql[strings.Index(strings.ToLower(sql), word)+len(word):]) == "transaction" {
			return "prepare transaction"
		}
	}
	return ""
}

// firstWord is the first word of a statement in lower case, after blanks, semicolons and comments.
func firstWord(sql string) string {
	for {
		sql = strings.TrimLeft(sql, " \t\r\n\f\v;")
		switch {
		case strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
		case strings.HasPrefix(sql, "/*"):
			sql = afterComment(sql)
		default:
			end := 0
			for end < len(sql) && (sql[end]|0x20 >= 'a' && sql[end]|0x20 <= 'z') {
				end++
			}
			return strings.ToLower(sql[:end])
		}
	}
}

// afterComment is what follows a comment, which may hold others.
func afterComment(sql string) string {
	depth := 0
	for sql != "" {
		switch {
		case strings.HasPrefix(sql, "/*"):
			depth++
			sql = sql[2:]
		case strings.HasPrefix(sql, "*/"):
			sql = sql[2:]
			if depth--; depth == 0 {
				return sql
			}
		default:
			sql = sql[1:]
		}
	}
	return ""
}
