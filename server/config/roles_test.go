package config

import (
	"testing"
)

func TestRolesByAction(t *testing.T) {
	t.Parallel()
	load := func(text string) (*Config, error) {
		return Load(Input{Environ: []string{"POSTERN_DB_ROLE_BY_ACTION=" + text}})
	}
	for _, text := range []string{
		"web_user: read=web_ro, create=web_ins; admin: delete=admin_del",
		`{"web_user": {"read": "web_ro", "create": "web_ins"}, "admin": {"delete": "admin_del"}}`,
	} {
		c, err := load(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range [][3]string{
			{"web_user", "read", "web_ro"},
			{"web_user", "create", "web_ins"},
			{"web_user", "delete", "web_user"},
			{"admin", "delete", "admin_del"},
			{"other", "read", "other"},
		} {
			if got := c.DBRoleByAction.Role(want[0], want[1]); got != want[2] {
				t.Errorf("%s: %s of %s runs as %s", text, want[1], want[0], got)
			}
		}
		again, err := load(c.DBRoleByAction.String())
		if err != nil || again.DBRoleByAction.String() != c.DBRoleByAction.String() {
			t.Errorf("%s does not read back: %v", c.DBRoleByAction, err)
		}
	}
	for _, text := range []string{
		"web_user", "web_user: read", "web_user: fly=x", "web_user: read=", ": read=x", "a: read=x, read=y", "a: read=x; a: read=y", "{", `{"a": 1}`,
	} {
		if c, err := load(text); err == nil {
			t.Errorf("%q was taken: %v", text, c.DBRoleByAction)
		}
	}
	if c, err := load(""); err != nil || c.DBRoleByAction.Role("a", "read") != "a" {
		t.Errorf("empty: %v", err)
	}
}
