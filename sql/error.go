package sql

import "encoding/json"

// Error is what a client is told when a request cannot be served. It knows no HTTP status; the codes are listed in
// PostgREST's reference, Errors.
type Error struct {
	Code    string // PGRSTnnn
	Message string
	// Details and Hint are omitted (null) when empty.
	Details string
	Hint    string
	// DetailsJSON stands in for Details where the details are a list.
	DetailsJSON json.RawMessage
}

// Error returns code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// The codes of errors that this package returns (PostgREST reference, Errors).
const (
	CodeQuerySyntax          = "PGRST100"
	CodeRPCMethod            = "PGRST101"
	CodeInvalidBody          = "PGRST102"
	CodeInvalidRange         = "PGRST103"
	CodeInvalidPutFilters    = "PGRST105"
	CodeUnacceptableSchema   = "PGRST106"
	CodeMediaType            = "PGRST107"
	CodeNotEmbedded          = "PGRST108"
	CodePutLimit             = "PGRST114"
	CodePutMatchingKey       = "PGRST115"
	CodeNotSingular          = "PGRST116"
	CodeUnsupportedMethod    = "PGRST117"
	CodeRelatedOrder         = "PGRST118"
	CodeInvalidPreferences   = "PGRST122"
	CodeAggregatesNotAllowed = "PGRST123"
	CodeMaxAffected          = "PGRST124"
	CodeInvalidPath          = "PGRST125"
	CodeOpenAPIDisabled      = "PGRST126"
	CodeNotImplemented       = "PGRST127"
	CodeMaxAffectedRoutine   = "PGRST128"
	CodeNoRelationship       = "PGRST200"
	CodeAmbiguousEmbed       = "PGRST201"
	CodeNoRoutine            = "PGRST202"
	CodeAmbiguousRoutine     = "PGRST203"
	CodeNoColumn             = "PGRST204"
	CodeNoRelation           = "PGRST205"
)
