package openapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/openapi"
)

func ExampleWriteOpenAPI() {
	catalog := schema.New(&schema.Definition{Schemas: []string{"api"}, Relations: []*schema.Relation{{
		Name: schema.Name{Schema: "api", Name: "note"}, Insertable: true, PrimaryKey: []string{"id"},
		Columns: []*schema.Column{
			{Name: "id", Type: "bigint", NominalType: "bigint", Identity: schema.IdentityAlways},
			{Name: "body", Type: "character varying", NominalType: "character varying(80)", MaxLength: 80, Nullable: true},
		},
	}}})
	var document bytes.Buffer
	in := &openapi.Input{Catalog: catalog, Schema: "api", IgnorePrivileges: true, Version: "1.0"}
	if err := openapi.WriteOpenAPI(&document, in); err != nil {
		fmt.Println(err)
		return
	}
	var parts struct {
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(document.Bytes(), &parts); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(parts.Components.Schemas["note.insert"]))
	// Output: {"type":"object","properties":{"body":{"type":["string","null"],"maxLength":80}}}
}
