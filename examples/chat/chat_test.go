package chat_test

import (
	"net/http"
	"testing"

	"github.com/postern-db/postern/examples/chat"
	"github.com/postern-db/postern/internal/apitest"
	"github.com/postern-db/postern/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// reactions is a table without policies of its own that refers to messages, for tests of embedding.
const reactions = `create table api.reaction (
	reaction_id int primary key generated always as identity,
	message_uuid uuid not null references api.chat on delete cascade,
	emoji text not null
);
grant select on api.reaction to alice, bob, carol;
insert into api.reaction (message_uuid, emoji) select message_uuid, 'smile' from api.chat order by message_time;`

// start serves the migrated chat with its first messages.
func start(t *testing.T, settings ...string) (*apitest.API, *pgtest.Database) {
	t.Helper()
	db := pgtest.New(t, append(apitest.UpScripts(t, chat.Migrations()), chat.Seed(), reactions)...)
	settings = append(settings, `db-schemas = "`+chat.Schema+`"`)
	return apitest.Start(t, db.URI(chat.Authenticator), settings...), db
}

// as signs a token of one user.
func as(t *testing.T, user string) string {
	t.Helper()
	return apitest.Token(t, map[string]any{"role": user})
}

func prefer(preference string) http.Header { return http.Header{"Prefer": {preference}} }

// stored gives all messages as the superuser sees them.
func stored(t *testing.T, db *pgtest.Database) string {
	t.Helper()
	var all string
	err := db.Conn(t, "postgres").QueryRow(t.Context(),
		`select coalesce(string_agg(concat_ws(' ', message_from, message_to, message_subject, message_body), E'\n' order by message_time), '')
		from api.chat`).Scan(&all)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The login role can do nothing by itself: it does not inherit what it may switch to.
func TestAuthenticatorHasNoRights(t *testing.T) {
	t.Parallel()
	_, db := start(t)
	var inherits, login, super, bypass, reads bool
	err := db.Conn(t, "postgres").QueryRow(t.Context(), `select rolinherit, rolcanlogin, rolsuper, rolbypassrls,
		has_table_privilege('authenticator', 'api.chat', 'select') from pg_roles where rolname = 'authenticator'`).
		Scan(&inherits, &login, &super, &bypass, &reads)
	if err != nil {
		t.Fatal(err)
	}
	if inherits || !login || super || bypass || reads {
		t.Errorf("inherit %v, login %v, superuser %v, bypassrls %v, reads chat %v", inherits, login, super, bypass, reads)
	}
}
