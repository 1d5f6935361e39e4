package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed docs/* swagger-ui/*.gz
var docsFiles embed.FS

// docsPolicy lets the API page load what is embedded here, ask the API of its own origin, and nothing else. Images in Swagger
// UI's style sheet are data URLs.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// asset is a file of the API page.
type asset struct {
	contentType, etag string
	plain, compressed []byte // plain is nil if the file is kept compressed
}

// docsAssets are the files by name; "" is the page itself.
var docsAssets = sync.OnceValue(func() map[string]asset {
	out := map[string]asset{}
	for _, dir := range []string{"docs", "swagger-ui"} {
		entries, err := docsFiles.ReadDir(dir)
		if err != nil {
			panic("page: " + err.Error()) // the compiler put it there
		}
		for _, e := range entries {
			content, err := docsFiles.ReadFile(path.Join(dir, e.Name()))
			if err != nil {
				panic("page: " + err.Error())
			}
			name, isCompressed := strings.CutSuffix(e.Name(), ".gz")
			a := newAsset(name, content)
			if isCompressed {
				a.plain, a.compressed = nil, content
			}
			out[strings.TrimSuffix(name, "index.html")] = a
		}
	}
	return out
})

// Docs is the page to read and try the API: Swagger UI over the OpenAPI 3.1 document at ../openapi.json, of any of the schemas
// that are exposed. It serves the paths below /docs/, asks nothing of other origins, and reports whether the path is one of
// them; if not, nothing has been written.
func Docs(w http.ResponseWriter, r *http.Request, schemas []string) bool {
	name := strings.TrimPrefix(r.URL.Path, "/docs/")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	a, ok := docsAssets()[name]
	if name == "schemas.json" {
		a, ok = schemasAsset(schemas), true
	}
	if !ok {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Security-Policy", docsPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache") // asks each time whether it is still the same
	content := a.plain
	if a.compressed != nil {
		h.Set("Vary", "Accept-Encoding")
		content = a.compressed
		if acceptsGzip(r.Header["Accept-Encoding"]) {
			h.Set("Content-Encoding", "gzip")
			a.etag = strings.TrimSuffix(a.etag, `"`) + `-gzip"` // another representation (RFC 9110, 8.8.3)
		} else {
			content = decompressed(a.compressed)
		}
	}
	h.Set("ETag", a.etag)
	if h.Get("Content-Encoding") != "" {
		h.Set("Content-Length", strconv.Itoa(len(content))) // ServeContent leaves it out of what is encoded
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	return true
}

// newAsset makes an asset of a file.
func newAsset(name string, content []byte) asset {
	sum := sha256.Sum256(content)
	return asset{contentType: contentType(name), etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, plain: content}
}

// schemasAsset names the schemas between which the page lets choose. Who asks for a wrong one is told them as well.
func schemasAsset(schemas []string) asset {
	content, err := json.Marshal(schemas)
	if err != nil {
		panic("page: " + err.Error()) // strings always can
	}
	return newAsset("schemas.json", content)
}

// decompressed is for the rare client that takes no gzip.
func decompressed(compressed []byte) []byte {
	zr, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		panic("page: " + err.Error()) // a test reads all of them
	}
	content, err := io.ReadAll(zr)
	if err != nil {
		panic("page: " + err.Error())
	}
	return content
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3).
func acceptsGzip(values []string) bool {
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		coding, params, _ := strings.Cut(item, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != "gzip" && coding != "x-gzip" && coding != "*" {
			continue
		}
		_, weight, weighted := strings.Cut(params, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
		return !weighted || err == nil && q > 0
	}
	return false
}
