package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	prefixPostern   = "POSTERN_"
	prefixPostgREST = "PGRST_"
	appSettings     = "app.settings."
	appVariable     = "APP_SETTINGS_"

	notText = "this is not text in double quotes"
)

// Input is what a configuration is made of.
type Input struct {
	// Values are parameters that a Go program sets, by their names: "db-uri",
	// "db-schemas" and so on, each as text. They go before all others. A name that
	// is none, or a value that cannot be read, is an error.
	Values map[string]string
	// File is the path of the configuration file. Empty stands for none.
	File string
	// Environ is the environment, as of [os.Environ]. Besides the variables that
	// set parameters, the file's $(NAME) may use any of it.
	Environ []string
	// Database holds the settings that [SettingsQuery] found: db_schemas and so
	// on, without pgrst. before them. It is ignored where db-config is false.
	Database map[string]string
	// Previous is the configuration in use, when this is a reload, or when the
	// database's settings are added to it; else nil.
	Previous *Config
}

// Load makes a Config. What the program gives goes before the database's value,
// that before POSTERN_NAME, that before
// PGRST_NAME, that before the file's, that before the default. A value that is
// set under a former name counts only where the present name is not set at all,
// except that db-pool-timeout goes before db-pool-max-idletime.
//
// An empty text means: not set. So does, for PostgREST's own parameters, a number
// or boolean that cannot be read, as it does there; Warnings names it. Every other
// wrong value is a [*ValueError], all of them joined in one error; a file that cannot be read is a
// [*SyntaxError] or an error of package os.
func Load(in Input) (*Config, error) {
	l := loader{input: in, environ: environment(in.Environ)}
	files := evaluator{bindings: map[string]binding{}, environ: l.environ, read: readFile}
	if in.File != "" {
		if err := files.include("", in.File, 0); err != nil {
			return nil, fmt.Errorf("load configuration: %w", err)
		}
	}
	l.bindings = files.bindings
	c, err := l.load()
	if err != nil {
		return nil, fmt.Errorf("load configuration: %w", err)
	}
	return c, nil
}

// environment turns NAME=value lines into a map. Of two lines the later counts.
func environment(lines []string) map[string]string {
	out := make(map[string]string, len(lines))
	for _, line := range lines {
		if name, text, ok := strings.Cut(line, "="); ok {
			out[name] = text
		}
	}
	return out
}

type loader struct {
	input    Input
	environ  map[string]string
	bindings map[string]binding
	errs     []error
}

func (l *loader) load() (*Config, error) {
	c := &Config{origins: map[string]Origin{}, references: map[string]reference{}}
	all := Parameters()
	for _, p := range all {
		p.reset(c)
	}
	// What the database cannot set comes first: db-config among it, which tells
	// whether the database has a say at all.
	for _, p := range all {
		if !p.InDatabase {
			l.assign(c, p)
		}
	}
	for _, p := range all {
		if p.InDatabase {
			l.assign(c, p)
		}
	}
	l.assignAppSettings(c)
	l.refuseUnknownValues(all)
	l.finish(c)
	c.Unknown = l.unknown(all)
	if c.DBConfig {
		c.Unknown = append(c.Unknown, l.unknownSettings()...)
	}
	return c, errors.Join(l.errs...)
}

// assign gives c the value of p from the first place that has one.
func (l *loader) assign(c *Config, p Parameter) {
	for _, name := range p.names() {
		v, origin, ok := l.find(c, p, name)
		if !ok || v.kind == textValue && v.text == "" && !p.emptyable {
			continue
		}
		if p.textual && v.kind != textValue {
			v = value{text: v.coerceText()}
			what := notText
			if !p.Secret {
				what += ", and is taken for " + quote(v.text)
			}
			c.Warnings = append(c.Warnings, &ValueError{Key: p.Name, Origin: origin, Problem: what})
		}
		bad := p.set(c, v)
		if bad == nil {
			c.origins[p.Name] = origin
			return
		}
		err := &ValueError{Key: p.Name, Origin: origin, Problem: bad.what, Allowed: bad.allowed}
		if !bad.tolerated || p.Postern || origin.Source == SourceProgram {
			l.errs = append(l.errs, err)
			return
		}
		err.Problem += ", and is ignored"
		c.Warnings = append(c.Warnings, err)
	}
}

// find looks name up where p may be set, the strongest place first. A place that
// sets it to nothing hides the weaker ones.
func (l *loader) find(c *Config, p Parameter, name string) (value, Origin, bool) {
	if text, ok := l.input.Values[name]; ok {
		return value{text: text}, Origin{Source: SourceProgram, Name: name}, true
	}
	if p.InDatabase && c.DBConfig && name == p.Name {
		if text, ok := l.input.Database[settingName(name)]; ok {
			return value{text: text}, Origin{Source: SourceDatabase, Name: settingPrefix + settingName(name)}, true
		}
	}
	for _, prefix := range []string{prefixPostern, prefixPostgREST} {
		variable := prefix + environmentName(name)
		if text, ok := l.environ[variable]; ok {
			return value{text: text}, Origin{Source: SourceEnvironment, Name: variable}, true
		}
	}
	b, ok := l.bindings[name]
	return b.value, Origin{Source: SourceFile, File: b.file, Line: b.line, Name: name}, ok
}

// assignAppSettings gathers app.settings.*. PostgreSQL does not tell the case of
// their names, so that a variable replaces the file's setting whatever its case.
func (l *loader) assignAppSettings(c *Config) {
	c.AppSettings = AppSettings{}
	spelling := map[string]string{}
	put := func(name string, v value, origin Origin) {
		if !isSettingName(name) {
			l.errs = append(l.errs, &ValueError{
				Key: name, Origin: origin, Problem: "PostgreSQL takes no setting of this name",
				Allowed: "after app.settings. letters, digits, _ and $; in each part a letter or _ first",
			})
			return
		}
		folded := strings.ToLower(name)
		if old, ok := spelling[folded]; ok {
			delete(c.AppSettings, old)
			delete(c.origins, old)
		}
		spelling[folded] = name
		c.AppSettings[name] = v.coerceText()
		c.origins[name] = origin
		if v.kind != textValue {
			c.Warnings = append(c.Warnings, &ValueError{Key: name, Origin: origin, Problem: notText})
		}
	}
	for _, key := range sortedKeys(l.bindings) {
		if isAppSetting(key) {
			b := l.bindings[key]
			put(key, b.value, Origin{Source: SourceFile, File: b.file, Line: b.line, Name: key})
		}
	}
	for _, prefix := range []string{prefixPostgREST, prefixPostern} {
		for _, variable := range sortedKeys(l.environ) {
			if name, ok := strings.CutPrefix(variable, prefix+appVariable); ok && name != "" {
				put(appSettings+name, value{text: l.environ[variable]}, Origin{Source: SourceEnvironment, Name: variable})
			}
		}
	}
	for _, key := range sortedKeys(l.input.Values) {
		if isAppSetting(key) {
			put(key, value{text: l.input.Values[key]}, Origin{Source: SourceProgram, Name: key})
		}
	}
}

// isAppSetting tells whether a file's key is an app setting: one level below
// app.settings, no deeper.
func isAppSetting(key string) bool {
	name, ok := strings.CutPrefix(key, appSettings)
	return ok && name != "" && !strings.Contains(name, ".")
}

// isSettingName tells whether PostgreSQL 14 and later take name for a setting: see
// "Customized Options" in its manual. Other names would fail every request.
func isSettingName(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if part == "" {
			return false
		}
		for i, r := range part {
			letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '_' || r > 0x7f
			if !letter && (i == 0 || r != '$' && (r < '0' || r > '9')) {
				return false
			}
		}
	}
	return true
}

// finish settles what depends on several parameters.
func (l *loader) finish(c *Config) {
	if c.AdminServerHost == "" {
		c.AdminServerHost = c.ServerHost
	}
	if c.AdminServerPort != nil && *c.AdminServerPort == c.ServerPort && c.ServerPort != 0 { // 0 is a free one for each
		l.errs = append(l.errs, c.Reject("admin-server-port", "admin-server-port cannot be the same as server-port", nil))
	}
	if c.ServerCORSAllowCredentials && len(c.ServerCORSAllowedOrigins) == 0 &&
		c.Origin("server-cors-allow-credentials").Source != SourceDefault {
		const advice = "no page may send cookies along unless server-cors-allowed-origins names its origin"
		c.Warnings = append(c.Warnings, c.Reject("server-cors-allow-credentials", advice, nil))
	}
	if c.DeprecatedRoleClaimKey() {
		const advice = "this path has the deprecated syntax from before PostgREST 16; write it by RFC 9535, from $ on"
		c.Warnings = append(c.Warnings, c.Reject("jwt-role-claim-key", advice, nil))
	}
	if err := c.resolveURI(l.input.Previous); err != nil {
		l.errs = append(l.errs, err)
	}
	if err := c.resolveSecret(l.input.Previous); err != nil {
		l.errs = append(l.errs, err)
	}
	if err := c.resolveExchangeSecret(l.input.Previous); err != nil {
		l.errs = append(l.errs, err)
	}
	if err := c.resolveIssuers(l.input.Previous); err != nil {
		l.errs = append(l.errs, err)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
