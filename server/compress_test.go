package server_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// plainClient decompresses nothing by itself.
func plainClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableCompression: true}}
}

func fetch(t *testing.T, method, url string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token(t, map[string]any{"role": "librarian"}))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := plainClient().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

func decompress(t *testing.T, coding string, body []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const rowsToCompress = `create view library.long_rows as select n, repeat('word ', 20) as filling from generate_series(1, 100) n;
create view library.all_rows as select n, repeat('word ', 20) as filling from generate_series(1, 30000) n;
grant select on library.long_rows, library.all_rows to librarian, visitor;`

// TestCompression checks which responses are compressed, and that their heads are true.
func TestCompression(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, rowsToCompress)
	web := httptest.NewServer(newServer(t, db, ""))
	t.Cleanup(web.Close)
	for _, c := range []struct{ target, accept, coding string }{
		{"/long_rows", "gzip", "gzip"},
		{"/long_rows", "gzip, deflate, br, zstd", "zstd"},
		{"/long_rows", "zstd;q=0.5, gzip;q=0.8", "gzip"},
		{"/long_rows", "GZIP", "gzip"},
		{"/long_rows", "gzip;q=0", ""},
		{"/long_rows", "gzip;q=x", ""},
		{"/long_rows", "br", ""},
		{"/long_rows", "*", ""},
		{"/long_rows", "identity", ""},
		{"/long_rows?limit=5", "gzip", ""}, // not worth it
		{"/long_rows?select=nothing", "gzip", ""},
		{"/all_rows", "gzip", "gzip"}, // streamed
		{"/all_rows", "zstd", "zstd"},
		{"/", "gzip", "gzip"},
	} {
		want, plain := fetch(t, http.MethodGet, web.URL+c.target)
		got, body := fetch(t, http.MethodGet, web.URL+c.target, "Accept-Encoding", c.accept)
		if coding := got.Header.Get("Content-Encoding"); coding != c.coding {
			t.Errorf("%s, %s: coding %q, want %q", c.target, c.accept, coding, c.coding)
			continue
		}
		if text := decompress(t, c.coding, body); !bytes.Equal(text, plain) {
			t.Errorf("%s, %s: the body differs", c.target, c.accept)
		}
		for _, name := range []string{"Content-Range", "Content-Type", "Content-Location"} {
			if got.Header.Get(name) != want.Header.Get(name) || got.StatusCode != want.StatusCode {
				t.Errorf("%s, %s: %s is %q, want %q", c.target, c.accept, name, got.Header.Get(name), want.Header.Get(name))
			}
		}
		if varies := strings.Contains(strings.Join(got.Header["Vary"], ","), "Accept-Encoding"); varies != (len(plain) >= 1024) {
			t.Errorf("%s, %s: Vary is %q", c.target, c.accept, got.Header["Vary"])
		}
		if c.coding != "" {
			if got.ContentLength == int64(len(plain)) || len(body) > len(plain)/3 {
				t.Errorf("%s, %s: %d bytes, said to be %d, of %d", c.target, c.accept, len(body), got.ContentLength, len(plain))
			}
			if tag := got.Header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
				t.Errorf("%s, %s: the entity tag %s is not weak", c.target, c.accept, tag)
			}
		}
	}
	if r, _ := fetch(t, http.MethodHead, web.URL+"/long_rows", "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "" {
		t.Error("HEAD has a coding")
	}
	r, _ := fetch(t, http.MethodGet, web.URL+"/", "Accept-Encoding", "gzip")
	if again, _ := fetch(t, http.MethodGet, web.URL+"/", "Accept-Encoding", "gzip", "If-None-Match", r.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("the weak tag gave %d", again.StatusCode)
	}
}

// TestNoCompression checks that compression can be switched off, and that it is off for who is vouched for by a cookie.
func TestNoCompression(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, rowsToCompress)
	for settings, cookie := range map[string]string{"server-compression = false\n": "", "jwt-cookie = \"session\"\n": "session=" + token(t, map[string]any{"role": "librarian"})} {
		web := httptest.NewServer(newServer(t, db, settings))
		headers := []string{"Accept-Encoding", "gzip"}
		if cookie != "" {
			headers = append(headers, "Cookie", cookie, "Authorization", "")
		}
		if r, body := fetch(t, http.MethodGet, web.URL+"/long_rows", headers...); r.Header.Get("Content-Encoding") != "" || !json.Valid(body) {
			t.Errorf("%s: %v", settings, r.Header)
		}
		web.Close()
	}
}

// TestCompressedStream checks that what is compressed is streamed all the same, and broken off without an end after an error.
func TestCompressedStream(t *testing.T) {
	onceForAllVersions(t)
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, slowAndLarge)
	web := httptest.NewServer(newServer(t, db, "server-buffer-bytes = 10000\n"))
	t.Cleanup(web.Close)
	for _, coding := range []string{"gzip", "zstd"} {
		r, body := fetch(t, http.MethodGet, web.URL+"/slow_rows", "Accept-Encoding", coding, "Accept", "text/csv")
		if r.Header.Get("Content-Encoding") != coding || r.ContentLength != -1 {
			t.Errorf("%s: %v", coding, r.Header)
		}
		records, err := csv.NewReader(bytes.NewReader(decompress(t, coding, body))).ReadAll()
		if err != nil || len(records) != 301 {
			t.Errorf("%s: %d records, %v", coding, len(records), err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+"/broken_tail", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", coding)
		request.Header.Set("Authorization", "Bearer "+token(t, map[string]any{"role": "librarian"}))
		response, err := plainClient().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(response.Body); err == nil {
			t.Errorf("%s: the broken answer looks whole", coding)
		}
		_ = response.Body.Close()
	}
}
