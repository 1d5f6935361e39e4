package config

import (
	_ "embed"
	"strings"
)

// settingPrefix begins the names of the database's settings.
const settingPrefix = "pgrst."

//go:embed settings.sql
var settingsSQL string

//go:embed settings_pre_config.sql
var settingsPreConfigSQL string

// SettingsQuery gives the query for the settings in the database. Its only argument,
// $1, is a text[]: [SettingNames]. Its rows are (key, value), both text and never
// null, to be handed to [Load] as Database. Run it as the login role, in a
// transaction of its own that is read-only, and roll it back: what the function
// sets is to be read, not to stay.
//
// preConfig is the db-pre-config of the configuration in use, or the zero value.
func SettingsQuery(preConfig FunctionName) string {
	if preConfig.IsZero() {
		return settingsSQL
	}
	return strings.Replace(settingsPreConfigSQL, "join pre_config()", "join "+preConfig.SQL()+"()", 1)
}

// SettingNames gives the names of all settings that the database may have, with
// pgrst. before them. Former names do not count here, as in PostgREST.
func SettingNames() []string {
	var names []string
	for _, p := range Parameters() {
		if p.InDatabase {
			names = append(names, p.Setting())
		}
	}
	return names
}
