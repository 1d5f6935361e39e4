package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/apitest"
	"github.com/postern-db/postern/internal/pgtest"
)

// linkScript has relationships that a name alone does not tell apart: several foreign keys to one table, to the table itself, the
// same seen through views, and names that must be quoted.
const linkScript = `
	create schema api;
	create table api.place (id int primary key, name text, secret text);
	create table api.person (
		id int primary key,
		born int references api.place, lives int references api.place,
		boss int references api.person,
		mother int, father int,
		constraint by_mother foreign key (mother) references api.person, constraint by_father foreign key (father) references api.person
	);
	create view api.people as select * from api.person;
	create view api.adults as select id, born, lives, boss as chief, boss as again from api.person;
	create table api.passport (id int primary key, person int unique references api.person, "left" int references api.place, leftover int);
	alter table api.passport add constraint left_over foreign key (leftover) references api.place;
	create table api.pair (a int, b int, primary key (a, b), c int, d int, constraint same foreign key (c, d) references api.pair);
	create table api.visit (person int references api.person, place int references api.place, second int references api.place,
		primary key (person, place, second));
	create table api."Odd name, (x)" (id int primary key, "a b" int references api.place, "c,d" int references api.place, "e""f\g" int references api."Odd name, (x)");
	create table api.count (id int primary key references api.place);
	create function api.visit(api.place) returns setof api.visit language sql stable as 'select * from api.visit';

	insert into api.place select n, 'p' || n from generate_series(1, 2) n;
	insert into api.person values (1, 1, 2, 1, 1, 1), (2, 1, 2, 1, 1, 1);
	insert into api.passport values (1, 1, 1, 1);
	insert into api.pair values (1, 1, 1, 1);
	insert into api.visit values (1, 1, 1);
	insert into api."Odd name, (x)" values (1, 1, 1, 1);
	insert into api.count values (1);
	grant usage on schema api to links_anon;
	grant select on all tables in schema api to links_anon;
	revoke select on api.place from links_anon;
	grant select (id, name) on api.place to links_anon`

// TestDescribeLinks asks for every embed that a link of the document promises, and follows every link. None fails, and what an embed
// answers is one row or several as the link says.
func TestDescribeLinks(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("links_login", "login noinherit"), pgtest.Role("links_anon", "nologin"), "grant links_anon to links_login", linkScript)
	api := apitest.Start(t, db.URI("links_login"), `db-schemas = "api"`, `db-anon-role = "links_anon"`)
	get := func(path string) any {
		t.Helper()
		r := api.Must(t, apitest.Request{Path: path})
		var body any
		if err := json.Unmarshal([]byte(r.Body), &body); err != nil || r.Status != http.StatusOK {
			t.Errorf("%s: %d %s", path, r.Status, r.Body)
		}
		return body
	}
	type document struct {
		Paths map[string]map[string]struct {
			OperationID string
			Responses   map[string]struct {
				Ref string `json:"$ref"`
			}
		}
		Components struct {
			Responses map[string]struct {
				Links map[string]struct {
					OperationID, Description string
					Parameters               map[string]string
				}
			}
		}
	}
	var doc document
	if err := json.Unmarshal([]byte(api.Must(t, apitest.Request{Path: "/openapi.json"}).Body), &doc); err != nil {
		t.Fatal(err)
	}
	pathOf := map[string]string{}
	for path, operations := range doc.Paths {
		pathOf[operations["get"].OperationID] = path
	}
	embedded := regexp.MustCompile("The ([a-z-]+) relationship .* select can embed as `(?s:(.*))`$")
	links, embeds := 0, 0
	for path, operations := range doc.Paths {
		response := strings.TrimPrefix(operations["get"].Responses["200"].Ref, "#/components/responses/")
		for name, link := range doc.Components.Responses[response].Links {
			links++
			if pathOf[link.OperationID] == "" {
				t.Errorf("%s: link %s leads to %s", path, name, link.OperationID)
			}
			query := url.Values{"select": {"id"}, "limit": {"1"}}
			for parameter := range link.Parameters {
				query.Set(parameter, "eq.1")
			}
			if strings.Contains(link.OperationID, "pair") {
				query.Set("select", "a")
			}
			if strings.Contains(link.OperationID, "visit") {
				query.Set("select", "person")
			}
			get(pathOf[link.OperationID] + "?" + query.Encode())

			parts := embedded.FindStringSubmatch(link.Description)
			if parts == nil {
				// Between a table that refers to itself and its views one constraint makes relationships both ways.
				if !slices.Contains([]string{"/person", "/people", "/adults", "/pair"}, path) {
					t.Errorf("%s: no embed: %s", path, link.Description)
				}
				continue
			}
			embeds++
			target := path + "?select=" + url.QueryEscape("one:"+parts[2]) + "&limit=1"
			rows, _ := get(target).([]any)
			if len(rows) != 1 {
				t.Errorf("%s: got %v", target, rows)
				continue
			}
			row, _ := rows[0].(map[string]any)
			_, many := row["one"].([]any)
			if many != (parts[1] == "one-to-many") {
				t.Errorf("%s, %s: got %v", target, parts[1], row)
			}
		}
	}
	if links < 80 || embeds < 70 {
		t.Errorf("%d links, of which %d tell an embed", links, embeds)
	}
}

// TestDescribeSecurity checks that the document offers to do without a token only where that is possible.
func TestDescribeSecurity(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	for want, settings := range map[string][]string{
		`"security":[{"JWT":[]},{}],`: {`db-schemas = "library"`, `db-anon-role = "visitor"`},
		`"security":[{"JWT":[]}],`:    {`db-schemas = "library"`},
	} {
		api := apitest.Start(t, db.URI(loginRole), settings...)
		r := api.Must(t, apitest.Request{Path: "/openapi.json", Token: apitest.Token(t, map[string]any{"role": "librarian"})})
		if r.Status != http.StatusOK || !strings.Contains(r.Body, want) {
			t.Errorf("%v: got %d %.400s, want %s", settings, r.Status, r.Body, want)
		}
		if !strings.Contains(r.Body, `{"code":"PGRST303","details":null,"hint":null,"message":"JWT expired"}`) {
			t.Error("the example of a 401 is not what the server answers to an expired token")
		}
		expired := apitest.Token(t, map[string]any{"role": "librarian", "exp": 1})
		if r := api.Must(t, apitest.Request{Path: "/", Token: expired}); r.Code() != "PGRST303" || !strings.Contains(r.Body, "JWT expired") {
			t.Errorf("an expired token: %s", r.Body)
		}
	}
}
