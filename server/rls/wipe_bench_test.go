package rls_test

import (
	"fmt"
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server/rls"
)

// BenchmarkWipe calls a function over one connection, which makes each call wait for the wipe of the one before; and over
// more connections than are used at a time, where nobody waits. Statements are how many the connection has prepared.
func BenchmarkWipe(b *testing.B) {
	db := pgtest.New(b, pgtest.Role("rls_login", "login noinherit"), pgtest.Role("rls_ann", ""), pgtest.Role("rls_ben", ""), setup,
		`create function public.add(a int, b int) returns int language plpgsql immutable as 'begin return a + b; end'`)
	for _, statements := range []int{0, 250} {
		for _, connections := range []int{1, 4} {
			for _, code := range []bool{false, true} {
				b.Run(fmt.Sprintf("statements=%d/connections=%d/code=%t", statements, connections, code), func(b *testing.B) {
					p, err := rls.New(b.Context(), rls.Config{URI: db.URI("rls_login"), MaxConnections: connections})
					if err != nil {
						b.Fatal(err)
					}
					defer p.Close()
					for i := range statements {
						if _, _, err := read(b.Context(), p, as("rls_ann", fmt.Sprintf("select id + %d, owner, body from note where id = 1", i))); err != nil {
							b.Fatal(err)
						}
					}
					tx := as("rls_ann", "select public.add($1, $2)", "1", "2")
					tx.RunsCode = code
					for b.Loop() {
						if _, _, err := read(b.Context(), p, tx); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
