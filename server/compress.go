package server

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// leastCompressed is the size in bytes below which compression saves no packet.
const leastCompressed = 1024

// compress is the layer that compresses responses for clients that accept it (RFC 9110, 12.5.3), if server-compression wants it.
//
// klauspost's gzhttp, a layer as well, does not serve: it leaves all responses with a Content-Range as they are, which in this API
// counts rows and stands in almost all. Here a head tells enough to decide at once, so nothing need be held back: the size, or that
// the response is streamed.
//
// A request that a cookie vouches for is not compressed: another site could make a browser send it, and guess from the size what
// the response holds (BREACH).
func (s *Server) compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		accepted := r.Header["Accept-Encoding"]
		if len(accepted) == 0 || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		c := s.state.Load().config
		if !c.ServerCompression || hasCookie(r, c.JWTCookie) {
			next.ServeHTTP(w, r)
			return
		}
		cw := compressedWriter{ResponseWriter: w, coding: acceptedCoding(accepted)}
		next.ServeHTTP(&cw, r) // after a panic nothing is written, lest half a response looks whole
		cw.close()
	})
}

func hasCookie(r *http.Request, name string) bool {
	if name == "" {
		return false
	}
	_, err := r.Cookie(name)
	return err == nil
}

// acceptedCoding returns the content coding that the client likes best, gzip or zstd, or "" if it takes neither.
func acceptedCoding(values []string) string {
	weights := map[string]float64{}
	for _, item := range listItems(values) {
		name, parameters, _ := strings.Cut(item, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(parameters, " ", "")), "q="); ok {
			var err error
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				weight = 0
			}
		}
		weights[strings.ToLower(strings.TrimSpace(name))] = weight
	}
	best, most := "", 0.0
	for _, coding := range []string{"zstd", "gzip"} {
		if weight := weights[coding]; weight > most {
			best, most = coding, weight
		}
	}
	return best
}

// encoder is what gzip and zstd have in common.
type encoder interface {
	io.WriteCloser
	Flush() error
	Reset(io.Writer)
}

// encoders are reused, since each has tables of some hundred kilobytes. Their levels are the fastest: a little more than half of
// the best compression at a tenth of its time.
var encoders = map[string]*sync.Pool{
	"gzip": {New: func() any {
		e, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil { // only for an unknown level
			panic(err)
		}
		return e
	}},
	"zstd": {New: func() any {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
			zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(128<<10))
		if err != nil { // only for options that exclude each other
			panic(err)
		}
		return e
	}},
}

// compressedWriter decides by a response's head whether to compress the body.
type compressedWriter struct {
	http.ResponseWriter
	coding  string // "" if the client takes none
	begun   bool   // the head is written
	encoder encoder
}

// WriteHeader sends the head, which is then that of the compressed response.
func (w *compressedWriter) WriteHeader(status int) {
	if !w.begun && status >= http.StatusOK {
		w.begun = true
		if h := w.Header(); compressible(h, status) {
			h.Add("Vary", "Accept-Encoding")
			if w.coding != "" {
				w.encode(h)
			}
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *compressedWriter) encode(h http.Header) {
	h.Set("Content-Encoding", w.coding)
	h.Del("Content-Length")
	h.Del("Accept-Ranges") // of the file, not of what is sent
	// The same entity tag for another representation must be a weak one (RFC 9110, 8.8.1).
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		h.Set("ETag", "W/"+tag)
	}
	w.encoder = encoders[w.coding].Get().(encoder)
	w.encoder.Reset(w.ResponseWriter)
}

// compressible reports whether compression of a response would be right and of use.
func compressible(h http.Header, status int) bool {
	switch {
	case status == http.StatusNoContent, status == http.StatusNotModified, h.Get("Content-Encoding") != "",
		strings.HasPrefix(h.Get("Content-Range"), "bytes"):
		return false
	}
	if length := h.Get("Content-Length"); length != "" {
		if n, err := strconv.Atoi(length); err != nil || n < leastCompressed {
			return false
		}
	}
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	media = strings.ToLower(strings.TrimSpace(media))
	if strings.HasPrefix(media, "text/") {
		return media != "text/event-stream"
	}
	_, subtype, _ := strings.Cut(media, "/")
	if strings.HasPrefix(subtype, "vnd.pgrst.") {
		return true
	}
	switch subtype[strings.LastIndexByte(subtype, '+')+1:] {
	case "json", "xml", "x-ndjson", "javascript", "yaml", "wasm":
		return true
	default:
		return false
	}
}

// Write compresses a part of the body, or sends it.
func (w *compressedWriter) Write(p []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	if w.encoder != nil {
		return w.encoder.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom sends what r yields.
func (w *compressedWriter) ReadFrom(r io.Reader) (int64, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	if w.encoder != nil {
		return io.Copy(w.encoder, r)
	}
	return io.Copy(w.ResponseWriter, r)
}

// FlushError sends what is buffered (http.ResponseController).
func (w *compressedWriter) FlushError() error {
	if w.encoder != nil {
		if err := w.encoder.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush sends what is buffered. A failure shows at the next Write.
func (w *compressedWriter) Flush() { _ = w.FlushError() }

// Unwrap lets http.ResponseController find what else the writer can do.
func (w *compressedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// close ends the compressed body. An error means that the client is gone.
func (w *compressedWriter) close() {
	if w.encoder == nil {
		return
	}
	_ = w.encoder.Close()
	w.encoder.Reset(nil)
	encoders[w.coding].Put(w.encoder)
	w.encoder = nil
}
