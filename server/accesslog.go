package server

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postern-db/postern/internal/backlog"
	"github.com/postern-db/postern/server/config"
)

// accessLog writes a line for each request that log-level wants, in the format that PostgREST and Apache have (PostgREST
// reference, Observability, Logs):
//
//	127.0.0.1 - web_user [26/Jul/2021:01:56:38 -0500] "GET /clients HTTP/1.1" 200 56 "" "curl/7.64.0"
//
// The address is - on a Unix socket, and the user, which is the database role, - where there is none. A request never waits for it; see [backlog.Writer].
type accessLog struct{ w *backlog.Writer }

// newAccessLog returns nil, which logs nothing, if w is nil.
func newAccessLog(w io.Writer, onLost func(lines uint64)) *accessLog {
	if w == nil {
		return nil
	}
	return &accessLog{backlog.New(w, backlog.Config{OnLost: onLost})}
}

// Close writes what is left.
func (l *accessLog) Close() error {
	if l == nil {
		return nil
	}
	return l.w.Close()
}

// lost returns how many lines were lost.
func (l *accessLog) lost() uint64 {
	if l == nil {
		return 0
	}
	return l.w.Lost()
}

// logsStatus reports whether log-level wants answers with that status.
func logsStatus(level config.LogLevel, status int) bool {
	switch level {
	case config.LogCrit:
		return false
	case config.LogError:
		return status >= http.StatusInternalServerError
	case config.LogWarn:
		return status >= http.StatusBadRequest
	default:
		return true
	}
}

func (l *accessLog) write(rec *recorder, r *http.Request, role string) {
	line := make([]byte, 0, 256)
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	switch {
	case r.RemoteAddr == "@": // Go's name of who has none, on a Unix socket
		host = ""
	case err != nil:
		host = r.RemoteAddr
	}
	line = append(appendOrDash(line, host), " - "...)
	line = append(appendOrDash(line, role), " ["...)
	line = append(time.Now().AppendFormat(line, "02/Jan/2006:15:04:05 -0700"), `] "`...)
	line = append(appendLogged(line, r.Method), ' ')
	line = append(appendLogged(line, target(r)), ' ')
	line = append(appendLogged(line, r.Proto), `" `...)
	line = append(strconv.AppendInt(line, int64(rec.status), 10), ' ')
	line = append(appendSize(line, rec), ` "`...)
	line = append(appendLogged(line, r.Header.Get("Referer")), `" "`...)
	line = append(appendLogged(line, r.Header.Get("User-Agent")), "\"\n"...)
	_, _ = l.w.Write(line) // it never fails
}

// target is the path and query as they were sent, without the host that a proxy's request may have before it.
func target(r *http.Request) string {
	if len(r.RequestURI) > 0 && r.RequestURI[0] == '/' {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// appendSize writes the length of the body, - where there is none.
func appendSize(line []byte, rec *recorder) []byte {
	switch {
	case rec.bytes > 0:
		return strconv.AppendInt(line, rec.bytes, 10)
	case rec.Header().Get("Content-Length") == "0":
		return append(line, '0')
	default:
		return append(line, '-')
	}
}

// appendOrDash writes what is not in quotes, and so must have no spaces.
func appendOrDash(line []byte, s string) []byte {
	if s == "" {
		return append(line, '-')
	}
	for i, word := range strings.Split(s, " ") {
		if i > 0 {
			line = append(line, `\x20`...)
		}
		line = appendLogged(line, word)
	}
	return line
}

// appendLogged escapes as Apache does what could end the line or its quotes, or what a terminal could act on: all but the
// printable characters of ASCII, besides " and \ (Apache HTTP Server documentation, mod_log_config, Security Considerations).
func appendLogged(line []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			line = append(line, '\\', c)
		case c < ' ' || c > '~':
			line = append(line, '\\', 'x', digits[c>>4], digits[c&15])
		default:
			line = append(line, c)
		}
	}
	return line
}
