package config

// Changed names the parameters, sorted, whose values differ between two
// configurations and which only a restart can change. They are to be named in the
// log: the new configuration has their new values, but what was built from the old
// ones (listeners, pool) stays.
func Changed(before, after *Config) []string {
	var names []string
	for _, p := range Parameters() {
		if !p.Reloadable && p.get(before) != p.get(after) {
			names = append(names, p.Name)
		}
	}
	return names
}
