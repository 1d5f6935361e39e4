package server

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// recorder remembers what was answered, for all that looks at a response once it is sent. It is the outermost writer, so that
// its bytes are those that leave the server, and hides nothing that the writer below can do.
type recorder struct {
	http.ResponseWriter
	began    time.Time
	status   int       // 0 until the head is written
	bytes    int64     // of the body
	exchange *exchange // nil if the request did not get that far
	unlogged bool      // has no line in the access log
	draining *atomic.Bool
}

// statusClientGone is recorded, and never sent, where the client hung up before there was an answer. It is nginx's.
const statusClientGone = 499

// done settles the status once the request is served.
func (rec *recorder) done() {
	switch {
	case rec.status != 0:
	case rec.exchange != nil && rec.exchange.gone:
		rec.status = statusClientGone
	default: // net/http sends it
		rec.status = http.StatusOK
	}
}

// recorders are reused, since each request needs one.
var recorders = sync.Pool{New: func() any { return new(recorder) }}

func newRecorder(w http.ResponseWriter, draining *atomic.Bool) *recorder {
	rec := recorders.Get().(*recorder)
	rec.ResponseWriter, rec.began, rec.draining = w, time.Now(), draining
	return rec
}

// free gives the recorder back. Nothing may use it any more.
func (rec *recorder) free() {
	*rec = recorder{}
	recorders.Put(rec)
}

// recorderOf finds the recorder below what other layers have put around it, or returns nil.
func recorderOf(w http.ResponseWriter) *recorder {
	for w != nil {
		if rec, ok := w.(*recorder); ok {
			return rec
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return nil
		}
		w = u.Unwrap()
	}
	return nil
}

// innermost is the writer of net/http itself, which has means that no other may offer.
func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = u.Unwrap()
	}
}

// WriteHeader sends the head. Informational ones (1xx) precede the one that counts.
func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		rec.settle(status)
	}
	rec.ResponseWriter.WriteHeader(status)
}

// begin is called before the first byte of the body: without a head it goes with status 200.
func (rec *recorder) begin() {
	if rec.status == 0 {
		rec.settle(http.StatusOK)
	}
}

// settle is called when the head is about to be sent. While the server shuts down it tells clients to use their connection no
// more (RFC 9112, 9.6).
func (rec *recorder) settle(status int) {
	rec.status = status
	if rec.draining.Load() {
		rec.Header().Set("Connection", "close")
	}
}

// Write sends a part of the body.
func (rec *recorder) Write(p []byte) (int, error) {
	rec.begin()
	n, err := rec.ResponseWriter.Write(p)
	rec.bytes += int64(n)
	return n, err
}

// ReadFrom sends what r yields, without copying it through the program where the connection can.
func (rec *recorder) ReadFrom(r io.Reader) (int64, error) {
	rec.begin()
	n, err := io.Copy(rec.ResponseWriter, r)
	rec.bytes += n
	return n, err
}

// FlushError sends what is buffered (http.ResponseController).
func (rec *recorder) FlushError() error {
	err := http.NewResponseController(rec.ResponseWriter).Flush()
	if !errors.Is(err, http.ErrNotSupported) {
		rec.begin()
	}
	return err
}

// Flush sends what is buffered. A failure shows at the next Write.
func (rec *recorder) Flush() { _ = rec.FlushError() }

// Unwrap lets http.ResponseController find what else the writer can do.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }
