package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkClientError checks that an answer is an error of the client's, as JSON with a code and a message.
func checkClientError(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code < 400 || w.Code > 499 {
		t.Errorf("got status %d: %.300s", w.Code, w.Body)
	}
	checkErrorBody(t, w)
}

func checkErrorBody(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	var e struct{ Code, Message *string }
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Code == nil || e.Message == nil || *e.Code == "" {
		t.Errorf("the body is no error as JSON: %.300s", w.Body)
	}
	if !utf8.Valid(w.Body.Bytes()) {
		t.Errorf("the body is not UTF-8: %.300q", w.Body)
	}
	for name, values := range w.Header() {
		for _, v := range values {
			if strings.ContainsAny(v, "\r\n\x00") {
				t.Errorf("the header %s is broken: %q", name, v)
			}
		}
	}
}

// hostile is a request that nobody sends in good faith. The server gets it as a library would give it, without what a client
// library would refuse.
type hostile struct {
	name, method, path, query, body string
	header                          http.Header
}

func (h *hostile) request() *http.Request {
	method, path := h.method, h.path
	if method == "" {
		method = http.MethodGet
	}
	if path == "" {
		path = "/books"
	}
	r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(h.body))
	r.Method = method
	unescaped, err := url.PathUnescape(path)
	if err != nil {
		unescaped = path
	}
	r.URL = &url.URL{Path: unescaped, RawPath: path, RawQuery: h.query}
	r.RequestURI = path
	if h.query != "" {
		r.RequestURI += "?" + h.query
	}
	for name, values := range h.header {
		r.Header[name] = values
	}
	return r
}

func header(name string, values ...string) http.Header { return http.Header{name: values} }

// hostileRequests are all to be refused.
func hostileRequests() []hostile {
	const bad = "\xff\xfe"
	deep := func(open, inner, closing string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(closing, n)
	}
	list := []hostile{
		{name: "unknown operator", query: "id=foo.1"},
		{name: "no operator", query: "id="},
		{name: "unbalanced parenthesis", query: "or=(id.eq.1"},
		{name: "unbalanced in", query: "id=in.(1,2"},
		{name: "unbalanced quote in in", query: `id=in.("1,2)`},
		{name: "unbalanced select", query: "select=authors(name"},
		{name: "unbalanced nested", query: "and=(or(id.eq.1,id.eq.2)"},
		{name: "array that is none", query: "tags=cs.{a"},
		{name: "range that is none", query: "on_sale=ov.[2024"},
		{name: "json that is none", query: "details=cs.{a"},
		{name: "regular expression that is none", query: "title=match.("},
		{name: "full text query that is none", query: "title=fts.%26%26"},
		{name: "full text query of many negations", query: "title=fts." + strings.Repeat("!", 20_000) + "a"},
		{name: "cast to unknown, as an embedded row's", query: "select=authors(name::unknown)"},
		{name: "unknown column", query: "nope=eq.1"},
		{name: "unknown order", query: "order=nope.asc"},
		{name: "unknown aggregate", query: "select=id.evil()"},
		{name: "bad cast", query: "select=id::evil"},
		{name: "bad cast of a value", query: "select=title::int"},
		{name: "cast injection", query: "select=id::int%3Bdrop%20table%20books"},
		{name: "cast with quotes", query: `select=id::"a""b"`},
		{name: "column injection", query: "select=id%22%3Bdrop%20table%20books"},
		{name: "operator injection", query: "id=eq.1%3Bdrop%20table%20books"},
		{name: "order injection", query: "order=id%3Bdrop%20table%20books"},
		{name: "overflowing number", query: "id=eq.99999999999999999999"},
		{name: "overflowing limit", query: "limit=-5"},
		{name: "bad range", header: header("Range", "9-1")},
		{name: "500 levels of logic", query: "and=(" + deep("or(", "id.eq.1", ")", 500) + ")"},
		{name: "500 levels of embedding", query: "select=" + deep("authors(books(", "id", "))", 250)},
		{name: "500 levels of json", method: http.MethodPost, path: "/rpc/keep_json", body: deep("[", "", "]", 20_000)},
		{name: "5,000 steps of a path", query: "select=details" + strings.Repeat("->a", 5000)},
		{name: "5,000 steps in a filter", query: "details" + strings.Repeat("-%3Ea", 5000) + "=eq.1"},
		{name: "5,000 steps in an order", query: "order=details" + strings.Repeat("->a", 5000)},
		{name: "2,000 select items", query: "select=" + strings.Repeat("id,", 1999) + "id"},
		{name: "5,000 filters", query: strings.Repeat("id=eq.1&", 5000)},
		{name: "a query of 1 MB", query: "title=eq." + strings.Repeat("x", mebibyte)},
		{name: "a path of 1 MB", path: "/" + strings.Repeat("x", mebibyte)},
		{name: "invalid UTF-8 in the path", path: "/books%ff"},
		{name: "invalid UTF-8 in a function's name", path: "/rpc/%fe"},
		{name: "invalid UTF-8 in a filter", query: "title=eq.%ff"},
		{name: "invalid UTF-8 in a column", query: "ti%fftle=eq.1"},
		{name: "invalid UTF-8 in select", query: "select=%ff"},
		{name: "invalid UTF-8 in a json key", query: "select=details->%ff"},
		{name: "invalid UTF-8 in order", query: "order=%ff"},
		{name: "invalid UTF-8 in an argument", path: "/rpc/greet", query: "name=%ff"},
		{name: "raw invalid UTF-8 in the query", query: "title=eq." + bad},
		{name: "invalid UTF-8 in a header", header: header("X-Asked-By", bad)},
		{name: "invalid UTF-8 in a cookie", header: header("Cookie", "shelf="+bad)},
		{name: "invalid UTF-8 in Accept", header: header("Accept", bad)},
		{name: "invalid UTF-8 in Accept-Profile", header: header("Accept-Profile", bad)},
		{name: "invalid UTF-8 in Prefer", header: header("Prefer", "timezone="+bad)},
		{name: "invalid UTF-8 in Content-Type", method: http.MethodPost, path: "/genres", body: "{}", header: header("Content-Type", bad)},
		{name: "invalid UTF-8 in Authorization", header: header("Authorization", "Bearer "+bad)},
		{name: "NUL in a filter", query: "title=eq.%00"},
		{name: "NUL in a column", query: "a%00b=eq.1"},
		{name: "NUL in select", query: "select=a%00b"},
		{name: "NUL in a cast", query: "select=id::a%00b"},
		{name: "NUL in the path", path: "/a%00b"},
		{name: "NUL in a function's name", path: "/rpc/a%00b"},
		{name: "NUL in an argument", path: "/rpc/greet", query: "name=%00"},
		{name: "NUL in the time zone", header: header("Prefer", "timezone=a\x00b")},
		{name: "NUL in a json key", query: "select=details->>%00"},
		{name: "NUL in full text search", query: "title=fts(%00).x"},
		{name: "NUL in on_conflict", method: http.MethodPost, path: "/genres", query: "on_conflict=%00", body: `{"id":1}`, header: header("Prefer", "resolution=merge-duplicates")},
		{name: "line ends in the path", path: "/a%0d%0aX-Evil:%20yes"},
		{name: "line ends in a column", query: "X%0d%0a-Evil=eq.1"},
		{name: "line ends in the time zone", header: header("Prefer", "timezone=UTC\r\nX-Evil: yes")},
		{name: "line ends in the profile", header: header("Accept-Profile", "x\r\nX-Evil: yes")},
		{name: "line ends in Accept", header: header("Accept", "x/y\r\nX-Evil: yes")},
		{name: "a time zone with a quote", header: header("Prefer", "timezone=a'b")},
		{name: "a token of dots", header: header("Authorization", "Bearer ...")},
		{name: "a huge token", header: header("Authorization", "Bearer "+strings.Repeat("a.", 100_000))},
		{name: "two tokens", header: header("Authorization", "Bearer a.b.c", "Bearer d.e.f")},
		{name: "no path", path: "//"},
		{name: "dots", path: "/../../etc/passwd"},
		{name: "rpc alone", path: "/rpc"},
		{name: "rpc without a name", path: "/rpc/"},
		{name: "a deep path", path: strings.Repeat("/a", 5000)},
		{name: "a broken escape", path: "/%zz"},
		{name: "a function with an odd argument", path: "/rpc/add", query: "a=1&%22=2"},
		{name: "a function with an array that is none", path: "/rpc/longest", query: "words={"},
		{name: "an aggregate that is not allowed", query: "select=id.max()"},
		{name: "a relation of the catalog", path: "/pg_class"},
		{name: "a function of the catalog", path: "/rpc/pg_sleep", query: "seconds=1"},
		{name: "a qualified relation", path: "/private.secrets"},
		{name: "a quoted relation", path: `/%22books%22`},
	}
	for _, method := range []string{"TRACE", "CONNECT", "PROPFIND", "get", "G\x00T", "G T", "POST\r\nX:y", strings.Repeat("M", 10_000), "🙂"} {
		list = append(list, hostile{name: fmt.Sprintf("method %.20q", method), method: method})
	}
	for name, body := range map[string]string{
		"no JSON": "{", "two values": "{}{}", "a bare word": "name", "NUL": `{"name": "` + "\x00" + `"}`, "an escaped NUL": `{"id": 1, "name": "\u0000"}`,
		"invalid UTF-8": `{"name": "` + bad + `"}`, "half a surrogate": `{"id": 77, "name": "\ud800"}`, "an open string": `{"name": "`,
		"a number of 10,000 digits": `{"id": 1` + strings.Repeat("0", 10_000) + `}`, "deep": deep(`{"a":`, "1", "}", 20_000),
		"a comment": `{/**/}`, "NaN": `{"id": NaN}`, "a byte order mark": "\ufeff{}", "an empty key": `{"": 1}`, "a quoted key": `{"a\"b": 1}`,
	} {
		list = append(list, hostile{
			name: "JSON: " + name, method: http.MethodPost, path: "/genres", body: body,
			header: header("Content-Type", "application/json"),
		})
	}
	for name, body := range map[string]string{
		"invalid UTF-8": "id,name\n80," + bad, "NUL": "id,name\n81,\x00", "an odd header": "\"id\",\"na\"\"me\"\n1,2",
		"an open quote": "id,name\n82,\"x", "a quote within": "id,name\n83,a\"b", "no column": ",\n1,2", "invalid UTF-8 in the header": "id,\xff\n1,2",
	} {
		list = append(list, hostile{
			name: "CSV: " + name, method: http.MethodPost, path: "/genres", body: body, header: header("Content-Type", "text/csv"),
		})
	}
	for name, body := range map[string]string{"invalid UTF-8": "id=84&name=%ff", "NUL": "id=85&name=%00", "a broken escape": "id=86&na%zzme=1"} {
		list = append(list, hostile{
			name: "form: " + name, method: http.MethodPost, path: "/genres", body: body,
			header: header("Content-Type", "application/x-www-form-urlencoded"),
		})
	}
	return append(list,
		hostile{name: "text: invalid UTF-8", method: http.MethodPost, path: "/rpc/shout", body: bad, header: header("Content-Type", "text/plain")},
		hostile{name: "text: NUL", method: http.MethodPost, path: "/rpc/shout", body: "a\x00b", header: header("Content-Type", "text/plain")},
		hostile{name: "xml that is none", method: http.MethodPost, path: "/rpc/keep_xml", body: "<a", header: header("Content-Type", "text/xml")},
	)
}

// TestHostileInput checks that bad input is answered with a 4xx as JSON, whatever is wrong with it, and leaves the server well.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	handler := newServer(t, db, "db-pool = 4\n")
	as := "Bearer " + token(t, map[string]any{"role": "librarian"})
	for _, h := range hostileRequests() {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			r := h.request()
			if r.Header["Authorization"] == nil {
				r.Header.Set("Authorization", as)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			checkClientError(t, w)
			if w := send(t, handler, http.MethodGet, "/genres?select=id&id=eq.1", ""); w.Code != http.StatusOK {
				t.Errorf("afterwards the server answers %d %s", w.Code, w.Body)
			}
		})
	}
}
