package server

import (
	"net"
	"net/http"
)

// breakOff ends an answer that is on its way, so that nobody takes what came of it for the whole. Over HTTP/1.0, which many proxies
// speak to a server, an answer of unknown length ends with its connection (RFC 1945, 7.2.2): only a reset tells that there was
// more. On a Unix socket there is none.
func breakOff(w http.ResponseWriter, r *http.Request) {
	if !r.ProtoAtLeast(1, 1) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			reset(conn)
		}
	}
	panic(http.ErrAbortHandler)
}

// reset closes a connection such that the other side gets an error and no end of file.
func reset(conn net.Conn) {
	inner := conn
	for {
		wrapped, ok := inner.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		inner = wrapped.NetConn()
	}
	if tcp, ok := inner.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails if it is closed already
	}
	_ = conn.Close()
}
