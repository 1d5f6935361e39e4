package sql

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// parsePath finds the resource: /, /relation or /rpc/routine.
func (r *Request) parsePath(src *Source, opt *Options) *Error {
	path := strings.TrimPrefix(src.Path, "/")
	if path == "" {
		switch {
		case opt.DescribeDisabled:
			return &Error{Code: CodeOpenAPIDisabled, Message: "Root endpoint metadata is disabled"}
		case opt.RootRoutine != "":
			r.Action, r.Name = Call, opt.RootRoutine
		default:
			r.Action = Describe
		}
		return nil
	}
	name, isRoutine := strings.CutPrefix(path, "rpc/")
	if strings.IndexByte(name, '/') >= 0 {
		return &Error{Code: CodeInvalidPath, Message: "Invalid path specified in request URL"}
	}
	if isRoutine {
		r.Action = Call
	}
	r.Name = decodePath(name)
	if !utf8.ValidString(r.Name) {
		return invalidUTF8("path")
	}
	return nil
}

// decodePath is decode for paths, where "+" stands for itself.
func decodePath(s string) string { return decode(strings.ReplaceAll(s, "+", "%2B")) }

// validUTF8 makes what was sent fit to be told to the client.
func validUTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func invalidUTF8(where string) *Error {
	return &Error{Code: CodeQuerySyntax, Message: "The " + where + " is not valid UTF-8", Hint: "Encode text as UTF-8 before escaping it"}
}

// parseProfile finds the schema: writes name it in Content-Profile, reads in Accept-Profile.
func (r *Request) parseProfile(src *Source, schemas []string) *Error {
	header := "Accept-Profile"
	switch src.Method {
	case "POST", "PATCH", "PUT", "DELETE":
		header = "Content-Profile"
	}
	values := src.Header[header]
	if len(values) == 0 {
		r.Schema, r.SchemaNegotiated = schemas[0], len(schemas) != 1
		return nil
	}
	if !slices.Contains(schemas, values[0]) {
		return &Error{
			Code: CodeUnacceptableSchema, Message: "Invalid schema: " + validUTF8(values[0]),
			Hint: "Only the following schemas are exposed: " + strings.Join(schemas, ", "),
		}
	}
	r.Schema, r.SchemaNegotiated = values[0], true
	return nil
}

func (r *Request) parseMethod(method string) *Error {
	r.HeadersOnly = method == "HEAD"
	switch r.Action {
	case Describe:
		switch method {
		case "GET", "HEAD":
		case "OPTIONS":
			r.Action = InfoSchema
		default:
			return unsupportedMethod(method)
		}
	case Call:
		switch method {
		case "GET", "HEAD":
		case "POST":
			r.ByPost = true
		case "OPTIONS":
			r.Action = InfoRoutine
		default:
			return &Error{Code: CodeRPCMethod, Message: "Cannot use the " + validUTF8(method) + " method on RPC"}
		}
	default:
		switch method {
		case "GET", "HEAD":
			r.Action = Read
		case "POST":
			r.Action = Create
		case "PUT":
			r.Action = Upsert
		case "PATCH":
			r.Action = Update
		case "DELETE":
			r.Action = Delete
		case "OPTIONS":
			r.Action = InfoRelation
		default:
			return unsupportedMethod(method)
		}
	}
	return nil
}

func unsupportedMethod(method string) *Error {
	return &Error{Code: CodeUnsupportedMethod, Message: "Unsupported HTTP method: " + validUTF8(method)}
}
