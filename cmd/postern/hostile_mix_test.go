package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// mix makes hostile requests: the same one for the same number.
type mix struct{ *rand.Rand }

func newMix(n int) mix { return mix{rand.New(rand.NewPCG(2026, uint64(n)))} }

func (m mix) of(list ...string) string { return list[m.IntN(len(list))] }

// chance is true in so many of 100 cases.
func (m mix) chance(percent int) bool { return m.IntN(100) < percent }

func (m mix) noise(most int) string {
	b := make([]byte, m.IntN(most+1))
	for i := range b {
		b[i] = byte(m.Uint32())
	}
	return string(b)
}

// value is what filters, arguments, headers and JSON strings are given.
func (m mix) value() string {
	switch m.IntN(12) {
	case 0:
		return m.of("1", "-1", "0", "99999999999999999999999999", "1e999999", "-9223372036854775809", "NaN", "Infinity", "0x10", "1.5", "١٢")
	case 1:
		return m.of("null", "true", "not_null", "unknown", "any", "all", "*", "%", "_", "\\", `"`, `""`, "'", "''", "$1", "$$", ";--", "/*", "*/")
	case 2:
		return m.of("'; drop table api.stall; --", `"; drop table api.stall; --`, "1) or (1=1", "1 union select 1", "pg_sleep(10)", "${jndi:x}", "../../x")
	case 3:
		return strings.Repeat(m.of("(", "{", "[", `"`, "a,", ".", "->a", "!", "&", "x", "%", "not."), m.IntN(3000))
	case 4:
		return m.of("{a,b}", "{a,b", "{{a},{b}}", `{"a":1}`, `{"a":`, "[1,5)", "[5,1)", "(,)", "empty", "{NULL}", strings.Repeat("{", 7)+strings.Repeat("}", 7))
	case 5:
		return m.of("2024-01-01", "infinity", "294277-01-01", "now", "allballs", "2024-02-30", "00:00:00+99", "epoch")
	case 6:
		return m.of("é", "\u202e", "🦀", "\ufeff", "\u0000", "İ", strings.Repeat("a\u0301", 500), "\xff", "\xed\xa0\x80", "\xc0\x80")
	case 7:
		return m.noise(40)
	default:
		return m.of("stall", "id", "name", "eq.1", "carpet", "a", "(1,2)", `("a","b")`, "(old & carpet)")
	}
}

func (m mix) column() string {
	return m.of("id", "name", "owner", "tags", "details", "details->a", "details->>b", "details->a->>b", "details->0", "span", "price", "opened",
		"words", "parent", "nothing", "stall.id", "*", "", "id::text", "price::int", "name::nothing", "id.sum()", "price.avg()", "count()", "al:name", m.value())
}

func (m mix) condition() string {
	op := m.of("eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch", "in", "is", "isdistinct", "fts", "plfts", "phfts",
		"wfts", "cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj", "not.eq", "not.is", "eq(any)", "like(all)", "fts(english)", "fts(nothing)", "evil", "")
	return op + "." + m.value()
}

func (m mix) logic(depth int) string {
	items := make([]string, 1+m.IntN(3))
	for i := range items {
		if depth > 0 && m.chance(40) {
			items[i] = m.of("and", "or", "not.and", "not.or", "nor") + m.logic(depth-1)
		} else {
			items[i] = m.column() + "." + m.condition()
		}
	}
	return "(" + strings.Join(items, ",") + m.of(")", ")", ")", ")", "", "))")
}

func (m mix) selection(depth int) string {
	items := make([]string, m.IntN(5))
	for i := range items {
		if depth > 0 && m.chance(30) {
			items[i] = m.of("", "...", "x:") + m.of("stall", "parent", "stall!parent", "stall!inner", "stall!left", "nothing") + "(" + m.selection(depth-1) + ")"
		} else {
			items[i] = m.column()
		}
	}
	return strings.Join(items, ",")
}

func (m mix) query() string {
	var parts []string
	for range m.IntN(5) {
		switch m.IntN(10) {
		case 0:
			parts = append(parts, "select="+m.selection(3))
		case 1:
			parts = append(parts, "order="+m.column()+m.of("", ".asc", ".desc", ".nullsfirst", ".desc.nullslast", ".evil"))
		case 2:
			parts = append(parts, m.of("limit", "offset", "stall.limit")+"="+m.value())
		case 3:
			parts = append(parts, m.of("or", "and", "not.or", "stall.or")+"="+m.logic(3))
		case 4:
			parts = append(parts, m.of("columns", "on_conflict")+"="+m.column()+","+m.column())
		case 5:
			parts = append(parts, m.of("a", "b", "id", "price")+"="+m.value())
		case 6:
			parts = append(parts, m.value())
		default:
			parts = append(parts, m.column()+"="+m.condition())
		}
	}
	return strings.Join(parts, "&")
}

// escape writes what a URL cannot hold as such in escapes, and now and then what it could hold, or nothing.
func (m mix) escape(s string) string {
	raw := m.chance(3)
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c == '\r', c == '\n', c == ' ', c == '#', c == '%' && m.chance(90), !raw && (c < '!' || c > '~'), m.IntN(200) == 0:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (m mix) json(depth int) string {
	switch kind := m.IntN(10); {
	case kind < 3 && depth > 0:
		var b strings.Builder
		for i := range m.IntN(4) {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%q:%s", m.of("id", "name", "tags", "details", "span", "price", "a", "b", "nothing", ""), m.json(depth-1))
		}
		return "{" + b.String() + m.of("}", "}", "}", "}", "", ",}")
	case kind < 5 && depth > 0:
		items := make([]string, m.IntN(4))
		for i := range items {
			items[i] = m.json(depth - 1)
		}
		return "[" + strings.Join(items, ",") + m.of("]", "]", "]", "]", "", "]]")
	case kind == 5:
		return strings.Repeat("[", m.IntN(2000))
	case kind == 6:
		return m.of("1", "-0", "1e400", "123456789012345678901234567890", "01", "+1", ".5", "NaN", "true", "null", "nul", "'a'")
	default:
		return `"` + m.of(m.value(), `\u0000`, `\ud800`, `\x`, `\`) + `"`
	}
}

func (m mix) body() string {
	switch m.IntN(6) {
	case 0:
		return m.noise(200)
	case 1:
		return m.of("id,name\n1,a\n", "id,name\n1\n", "id,\"name\n", "name\n\"a\"\"b\"\n", "nothing\n1\n", "\n\n", ",\n,\n") + m.value()
	case 2:
		return m.escape(m.query())
	default:
		return m.json(4)
	}
}

func (m mix) headers() string {
	var b strings.Builder
	add := func(name, value string) {
		if m.chance(97) { // else it breaks the line
			value = strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(value)
		}
		b.WriteString(name + ": " + value + "\r\n")
	}
	for range m.IntN(5) {
		switch m.IntN(9) {
		case 0:
			add("Prefer", m.of("return=representation", "return=minimal", "count=exact", "count=planned", "count=estimated", "tx=commit", "resolution=merge-duplicates",
				"missing=default", "handling=strict", "max-affected=1", "timezone=Mars/Base", "params=single-object")+", "+m.value())
		case 1:
			add("Range", m.of("0-1", "5-", "9-1", "-1", "0-99999999999999999999", "items=0-1")+m.of("", m.value()))
		case 2:
			add("Accept", m.of("application/json", "text/csv", "application/vnd.pgrst.object+json", "application/vnd.pgrst.plan+json; for=\"application/json\"; options=analyze|wal",
				"application/vnd.pgrst.array+json;nulls=stripped", "application/x-ndjson", "application/geo+json", "*/*;q=x", "application/octet-stream")+m.of("", ","+m.value()))
		case 3:
			add("Authorization", m.of("Bearer", "Basic", "bearer ", "")+" "+m.of("a.b.c", "eyJhbGciOiJub25lIn0.e30.", m.value()))
		case 4:
			add(m.of("Accept-Profile", "Content-Profile"), m.of("api", "public", "pg_catalog", m.value()))
		case 5:
			add("Cookie", m.value()+"="+m.value())
		case 6:
			add(m.of("Origin", "X-Forwarded-For", "Forwarded", "X-Forwarded-Host", "X-Request-Id", "Traceparent", "If-None-Match"), m.value())
		case 7:
			add("X-"+m.of("A", "B", strings.Repeat("c", 300)), m.value())
		default:
			add("Accept-Encoding", m.of("gzip", "br", "*", m.value()))
		}
	}
	return b.String()
}

// request is the bytes of a request; ends tells that the client then ends its side of the connection.
func (m mix) request() (text string, ends bool) {
	method := m.of("GET", "GET", "GET", "GET", "HEAD", "POST", "POST", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "BREW", "get")
	path := m.of("/stall", "/stall", "/stall", "/stall", "/stall", "/rpc/add", "/rpc/keep", "/rpc/sell", "/", "/nothing", "/rpc/", "//stall", "/stall/1",
		"/rpc/pg_sleep", "/stall%2f", "/"+m.escape(m.value()))
	head := method + " " + path + m.of("", "?"+m.escape(m.query()), "?"+m.escape(m.query()), "?"+m.escape(m.query())) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + m.headers()
	if method != "POST" && method != "PATCH" && method != "PUT" && m.chance(95) {
		return head + "\r\n", false
	}
	body := m.body()
	if m.chance(90) {
		head += "Content-Type: " + m.of("application/json", "application/json", "application/json", "text/csv", "application/x-www-form-urlencoded",
			"text/plain", "application/octet-stream", "text/xml", "application/json; charset=latin1", m.value()) + "\r\n"
		head = strings.ReplaceAll(head, "\x00", "")
	}
	switch m.IntN(10) {
	case 0: // less than is there
		return head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", m.IntN(len(body)+1), body), false
	case 1: // more than is there
		return head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body)+1+m.IntN(100), body), true
	case 2, 3, 4:
		var b strings.Builder
		for len(body) > 0 {
			n := 1 + m.IntN(len(body))
			fmt.Fprintf(&b, m.of("%x\r\n", "%X\r\n", "%x;a=b\r\n", "0%x\r\n"), n)
			b.WriteString(body[:n] + "\r\n")
			body = body[n:]
		}
		return head + "Transfer-Encoding: chunked\r\n\r\n" + b.String() + m.of("0\r\n\r\n", "0\r\n\r\n", "0\r\nX-T: 1\r\n\r\n", "", "x\r\n"), true
	default:
		return head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body), false
	}
}

// TestHostileMix sends 10,000 requests that nobody sends in good faith, and some that only look like it. None of them may be
// answered as if the server were at fault. A failure names the request's number, from which newMix makes it again.
func TestHostileMix(t *testing.T) {
	t.Parallel()
	p, address := openBazaar(t)
	total := 10_000
	if raceDetector() {
		total = 2_000 // it takes ten times as long, and the rest is run without it
	}
	var next, failures atomic.Int64
	var statuses [600]atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for n := int(next.Add(1)); n <= total && failures.Load() < 20; n = int(next.Add(1)) {
				text, ends := newMix(n).request()
				status, body, err := exchange(address, text, ends)
				if err != nil {
					failures.Add(1)
					t.Errorf("request %d: %v\n%.500q", n, err, text)
					continue
				}
				statuses[status].Add(1)
				// 501 and 505 are net/http's answers to encodings and versions that it does not know.
				if status >= http.StatusInternalServerError && status != http.StatusNotImplemented && status != http.StatusHTTPVersionNotSupported {
					failures.Add(1)
					t.Errorf("request %d: got %d %.300s\n%.1000q", n, status, body, text)
				}
			}
		})
	}
	clients.Wait()
	var found []string
	for status := range statuses {
		if n := statuses[status].Load(); n > 0 {
			found = append(found, fmt.Sprintf("%d: %d", status, n))
		}
	}
	t.Logf("statuses: %s", strings.Join(found, ", "))
	if ok := statuses[http.StatusOK].Load(); ok < int64(total)/30 {
		t.Errorf("only %d requests were understood: the mix is too wild to find much", ok)
	}
	stillServes(t, p, address)
}

// exchange sends a request and returns the status, 0 if there is no answer, and the body.
func exchange(address, text string, ends bool) (status int, body string, err error) {
	conn, err := dial(address)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = conn.Close() }()
	var sending sync.WaitGroup
	sending.Go(func() { // the program may answer, and close, before it has read all
		if _, err := io.WriteString(conn, text); err == nil && ends {
			_ = conn.(*net.TCPConn).CloseWrite()
		}
	})
	defer sending.Wait()
	method, _, _ := strings.Cut(text, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		var network net.Error
		if errors.As(err, &network) && network.Timeout() {
			return 0, "", err
		}
		return 0, "", nil // it was no request, and the connection was closed
	}
	answer, _ := io.ReadAll(resp.Body) // the connection may be reset where the program had not read all
	return resp.StatusCode, string(answer), nil
}
