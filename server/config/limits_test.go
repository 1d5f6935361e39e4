package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-db/postern/server/config"
)

// TestRateAndCost checks what is no rate and no cost, and that what is written is read back.
func TestRateAndCost(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		`rate-limit = "-1/s"`, `rate-limit = "1/d"`, `rate-limit = "/s"`, `rate-limit = "1e3/s"`, `rate-limit = "9999999999/s"`,
		`rate-limit = true`, `rate-limit = 5`, `db-max-cost = "anon"`, `db-max-cost = "=5"`, `db-max-cost = "anon=-1"`,
		`db-max-cost = "anon=NaN"`, `db-max-cost = "Inf"`, `db-max-cost = "{\"anon\": \"5\"}"`, `db-max-cost = "{\"anon\": -5}"`,
		`db-max-cost = "{"`, `db-max-cost = true`,
	} {
		path := t.TempDir() + "/postern.conf"
		writeFile(t, path, bad)
		name, _, _ := strings.Cut(bad, " ")
		if _, err := config.Load(config.Input{File: path}); err == nil || !strings.Contains(err.Error(), path+":1: "+name) ||
			!strings.Contains(err.Error(), "allowed: ") {
			t.Errorf("%s: got error %v", bad, err)
		}
	}
	for text, want := range map[string]config.Rate{
		"0": {}, "0/s": {}, "100/s": {Requests: 100, Period: time.Second}, "5/h": {Requests: 5, Period: time.Hour},
	} {
		if c := load(t, config.Input{Environ: []string{"POSTERN_RATE_LIMIT=" + text}}); c.RateLimit != want {
			t.Errorf("%s is %v", text, c.RateLimit)
		}
	}
	c := load(t, config.Input{Environ: []string{"POSTERN_DB_MAX_COST=anon=10, web=0, *=20"}})
	for role, want := range map[string]float64{"anon": 10, "web": 0, "other": 20, "": 20} {
		if got := c.DBMaxCost.Of(role); got != want {
			t.Errorf("the limit of %q is %v, want %v", role, got, want)
		}
	}
}
