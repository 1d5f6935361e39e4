package introspect

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/schema"
)

//go:embed data_types.sql
var dataTypesSQL string

// LoadDataTypes returns the types that were created in the database, ordered by name. Requests do not need them, so that they are
// no part of the catalog. conn must not be in a transaction.
func LoadDataTypes(ctx context.Context, conn *pgx.Conn) ([]schema.DataType, error) {
	l := &loader{conn: conn.PgConn(), names: make(interner)}
	if err := l.begin(ctx); err != nil {
		return nil, fmt.Errorf("introspect: begin a transaction: %w", err)
	}
	var out []schema.DataType
	err := l.query(ctx, dataTypesSQL, nil, func(r *row) {
		t := schema.DataType{Name: schema.Name{Schema: r.text(), Name: r.text()}, Text: r.text(), Base: r.text(), Enum: r.texts()}
		names, types := r.texts(), r.texts()
		for i := range min(len(names), len(types)) {
			t.Attributes = append(t.Attributes, schema.Attribute{Name: names[i], Type: types[i]})
		}
		out = append(out, t)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("introspect: load data types: %w", err), l.end(ctx, "rollback"))
	}
	if err := l.end(ctx, "commit"); err != nil {
		return nil, fmt.Errorf("introspect: end the transaction: %w", err)
	}
	return out, nil
}
