package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/postern-db/postern/sql"
)

// codes of a response that code in the database wanted, but that cannot be sent.
const (
	codeResponseHeaders = "PGRST111"
	codeResponseStatus  = "PGRST112"
)

// responseHeaders reads response.headers: an array of objects, each with one key and a text value.
func responseHeaders(guc []byte) ([]pair, error) {
	if guc == nil {
		return nil, nil
	}
	invalid := &sql.Error{
		Code:    codeResponseHeaders,
		Message: "response.headers guc must be a JSON array composed of objects with a single key and a string value",
	}
	var list []map[string]any
	if json.Unmarshal(guc, &list) != nil {
		return nil, invalid
	}
	out := make([]pair, 0, len(list))
	for _, object := range list {
		if len(object) != 1 {
			return nil, invalid
		}
		for name, v := range object {
			value, ok := v.(string)
			if !ok {
				return nil, invalid
			}
			if problem := headerProblem(name, value); problem != "" {
				invalid.Details = problem
				return nil, invalid
			}
			out = append(out, pair{textproto.CanonicalMIMEHeaderKey(name), value})
		}
	}
	return out, nil
}

// serversOwn are the headers that frame a message or belong to one connection (RFC 9110, 7.6.1; RFC 9112, 6): if the database
// set them, a response could be made to look like two.
var serversOwn = []string{
	"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
}

// headerProblem tells why a header must not be sent, or "".
func headerProblem(name, value string) string {
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return "The header name " + strconv.Quote(name) + " is not a token"
	case !httpguts.ValidHeaderFieldValue(value):
		return "The value of the header " + name + " holds a control character"
	case contains(serversOwn, strings.ToLower(name)):
		return "The header " + name + " belongs to the server"
	}
	return ""
}

// responseStatus reads response.status.
func responseStatus(guc []byte) (int, error) {
	n, err := strconv.Atoi(string(bytes.TrimSpace(guc)))
	if err != nil || n < http.StatusOK || n > 599 {
		return 0, &sql.Error{Code: codeResponseStatus, Message: "response.status guc must be a valid status code"}
	}
	return n, nil
}
