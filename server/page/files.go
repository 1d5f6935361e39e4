package page

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Files serves the files of a frontend. Names that begin with a dot are not served, but for .well-known (RFC 8615), nor is
// anything but regular files. fs.FS knows no "..", and that of an os.Root follows no link that leads out of it.
type Files struct {
	// FS holds the files.
	FS fs.FS
	// Policy is the Content-Security-Policy of all files, "" for none.
	Policy string
}

// fallback is a file that answers a browser that asks for what is not there: frontends that route by themselves need that.
const fallback = "200.html"

// Serve answers with the file of the request's path, index.html for a folder. It reports whether there is one; if not, nothing
// has been written.
func (f Files) Serve(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	name, ok := fileName(r.URL.Path)
	if !ok {
		return false
	}
	info, err := fs.Stat(f.FS, name)
	if err != nil {
		return false
	}
	if !info.IsDir() {
		return !strings.HasSuffix(r.URL.Path, "/") && f.send(w, r, name)
	}
	index := path.Join(name, "index.html")
	if strings.HasSuffix(r.URL.Path, "/") {
		return f.send(w, r, index)
	}
	if _, err := fs.Stat(f.FS, index); err != nil {
		return false
	}
	// Relative, so that it holds behind a proxy that removes a part of the path.
	target := "./" + path.Base(r.URL.EscapedPath()) + "/"
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusMovedPermanently)
	return true
}

// ServeFallback answers a browser that asks for a path which is nothing, with 200.html if there is that file.
func (f Files) ServeFallback(w http.ResponseWriter, r *http.Request) bool {
	return AskedFor(r) && f.send(w, r, fallback)
}

// fileName turns a path, which is unescaped, into the name of a file or folder.
func fileName(p string) (name string, ok bool) {
	name = strings.TrimSuffix(strings.TrimPrefix(p, "/"), "/")
	if name == "" {
		return ".", p == "/"
	}
	if !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") {
		return "", false
	}
	for segment := range strings.SplitSeq(name, "/") {
		if segment[0] == '.' && segment != ".well-known" {
			return "", false
		}
	}
	return name, true
}

// send answers with a regular file.
func (f Files) send(w http.ResponseWriter, r *http.Request, name string) bool {
	// A pipe would block whoever opens it.
	if info, err := fs.Stat(f.FS, name); err != nil || !info.Mode().IsRegular() {
		return false
	}
	file, err := f.FS.Open(name)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	content, seekable := file.(io.ReadSeeker)
	if err != nil || !seekable || !info.Mode().IsRegular() {
		return false
	}
	etag, err := entityTag(info, content)
	if err != nil {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("ETag", etag)
	h.Set("Cache-Control", "no-cache") // asks each time whether it is still the same
	h.Set("X-Content-Type-Options", "nosniff")
	if f.Policy != "" {
		h.Set("Content-Security-Policy", f.Policy)
	}
	http.ServeContent(w, r, "", info.ModTime(), content)
	return true
}

// entityTag tells a version of a file from all others: by time and size, or, for embedded files, which have no time, by
// content.
func entityTag(info fs.FileInfo, content io.ReadSeeker) (string, error) {
	if t := info.ModTime(); !t.IsZero() {
		return `"` + strconv.FormatInt(t.UnixNano(), 36) + "-" + strconv.FormatInt(info.Size(), 36) + `"`, nil
	}
	sum := sha256.New()
	_, err := io.Copy(sum, content)
	_, seekErr := content.Seek(0, io.SeekStart)
	return `"` + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12]) + `"`, errors.Join(err, seekErr)
}
