package server_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// goldenCase is a request with its response, as a section of a golden file has one or more of them:
//
//	PATCH /books?id=eq.1            the method and the URL, which may hold spaces and quotes as they are
//	  &select=id,title              and go on in indented lines
//	Token: {"role": "librarian"}    headers; Token is the claims of a token to be signed
//	Prefer: return=representation
//
//	{"title": "x"}                  the body, if there is one
//
//	=> 200 OK                       the response's status
//	Content-Range: 0-0/*            its headers
//
//	[{"id":1,"title":"x"}]          its body; of JSON one row a line
//
// Headers that follow from the rest are checked and not shown: Content-Length, Proxy-Status, Server, Vary, the
// Content-Type of JSON, the Content-Profile of the default schema.
type goldenCase struct {
	method   string
	request  string // all of the request, as it is written
	target   string
	header   http.Header
	body     string
	response string
}

func (c *goldenCase) String() string { return c.request + "\n\n" + c.response + "\n" }

var (
	requestLine  = regexp.MustCompile(`^[A-Z]+ /`)
	responseLine = regexp.MustCompile(`^=>`)
)

func parseCase(section string) ([]*goldenCase, error) {
	var (
		out    []*goldenCase
		lines  []string
		inside = true // the request, not the response
		head   = true // the request's line and headers
	)
	flush := func() error {
		if len(lines) == 0 {
			return nil
		}
		c, err := parseRequest(strings.TrimSpace(strings.Join(lines, "\n")))
		out, lines = append(out, c), nil
		return err
	}
	// A body ends at the response, or, where there is none yet, at the end of the section.
	for line := range strings.Lines(section) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case inside && responseLine.MatchString(line):
			inside = false
		case (!inside || head) && requestLine.MatchString(line):
			inside, head = true, true
			if err := flush(); err != nil {
				return nil, err
			}
		case line == "":
			head = false
		}
		if inside {
			lines = append(lines, line)
		}
	}
	return out, flush()
}

func parseRequest(text string) (*goldenCase, error) {
	c := &goldenCase{request: text, header: http.Header{}}
	head, body, _ := strings.Cut(text, "\n\n")
	c.body = body
	lines := strings.Split(head, "\n")
	method, target, ok := strings.Cut(lines[0], " ")
	if !ok {
		return nil, fmt.Errorf("%q is not a method and a URL", lines[0])
	}
	lines = lines[1:]
	for len(lines) > 0 && strings.HasPrefix(lines[0], "  ") {
		target += strings.TrimSpace(lines[0])
		lines = lines[1:]
	}
	c.method, c.target = method, escapeTarget(target)
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ": ")
		if !ok {
			return nil, fmt.Errorf("%q is not a header", line)
		}
		c.header.Add(name, value)
	}
	return c, nil
}

// escapeTarget escapes what a URL may not hold.
func escapeTarget(s string) string {
	var out strings.Builder
	for _, b := range []byte(s) {
		if b <= ' ' || b >= 0x7f || strings.IndexByte("\"<>\\^`{|}", b) >= 0 {
			fmt.Fprintf(&out, "%%%02X", b)
			continue
		}
		out.WriteByte(b)
	}
	return out.String()
}

func (c *goldenCase) httpRequest(t *testing.T) *http.Request {
	t.Helper()
	r := httptest.NewRequest(c.method, "http://library.test/", strings.NewReader(c.body))
	u, err := url.ParseRequestURI(c.target)
	if err != nil {
		t.Fatal(err)
	}
	r.URL, r.RequestURI = u, c.target
	for name, values := range c.header {
		if name != "Token" {
			r.Header[name] = values
			continue
		}
		var claims map[string]any
		if err := json.Unmarshal([]byte(values[0]), &claims); err != nil {
			t.Fatalf("the token's claims: %v", err)
		}
		r.Header.Set("Authorization", "Bearer "+token(t, claims))
	}
	return r
}

const (
	plainVary = "Accept, Prefer, Range, Origin, Authorization, Accept-Profile"
	plainJSON = "application/json; charset=utf-8"
)

// unshown are the headers that are not shown unless they are asked for.
var unshown = []string{"Content-Length", "Content-Location", "Proxy-Status", "Vary", "Server-Timing", "Server"}

// checkFrame checks what is true of every response.
func checkFrame(t *testing.T, c *goldenCase, w *httptest.ResponseRecorder) {
	t.Helper()
	h := w.Header()
	if n := h.Get("Content-Length"); n != "" && n != strconv.Itoa(w.Body.Len()) && c.method != http.MethodHead {
		t.Errorf("Content-Length is %s, the body has %d bytes", n, w.Body.Len())
	}
	if c.method == http.MethodHead && w.Body.Len() > 0 {
		t.Errorf("HEAD got a body: %s", w.Body)
	}
	var e struct{ Code string }
	chosen := strings.HasPrefix(c.target, "/rpc/answer") // the status is the function's, the body no error
	if w.Code >= http.StatusMultipleChoices && c.method != http.MethodHead && !chosen &&
		w.Code != http.StatusRequestedRangeNotSatisfiable {
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Code == "" {
			t.Errorf("status %d without an error as JSON: %s", w.Code, w.Body)
		}
		if got, want := h.Get("Proxy-Status"), "Postern; error="+e.Code; got != want {
			t.Errorf("Proxy-Status is %q, want %q", got, want)
		}
	}
	if strings.HasPrefix(h.Get("Content-Type"), "application/json") && w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
		t.Errorf("the body is not JSON: %s", w.Body)
	}
}

func formatResponse(w *httptest.ResponseRecorder, show []string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "=> %s\n", strings.TrimSpace(strconv.Itoa(w.Code)+" "+http.StatusText(w.Code)))
	h := w.Header()
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range h[name] {
			switch {
			case slices.Contains(show, name):
			case name == "Vary" && value != plainVary:
			case slices.Contains(unshown, name):
				continue
			case name == "Content-Type" && value == plainJSON && w.Body.Len() > 0, name == "Content-Profile" && value == "library":
				continue
			}
			fmt.Fprintf(&out, "%s: %s\n", name, value)
		}
	}
	if w.Body.Len() > 0 {
		out.WriteString("\n" + formatBody(h.Get("Content-Type"), w.Body.Bytes()) + "\n")
	}
	return out.String()
}

// lineLength is where an object is broken into lines.
const lineLength = 120

func formatBody(contentType string, body []byte) string {
	switch {
	case !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0:
		return "hex " + hex.EncodeToString(body)
	case !strings.Contains(contentType, "json") || !json.Valid(body):
		return strings.TrimSuffix(string(body), "\n")
	}
	var rows []json.RawMessage
	if json.Unmarshal(body, &rows) != nil || rows == nil {
		return formatJSON(body)
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = formatJSON(row)
	}
	return "[" + strings.Join(lines, ",\n ") + "]"
}

func formatJSON(value []byte) string {
	var out bytes.Buffer
	_ = json.Compact(&out, value) // it was found valid
	if out.Len() > lineLength {
		out.Reset()
		_ = json.Indent(&out, value, "", "  ")
	}
	return out.String()
}
