package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set where the build cannot know it, as without its repository: go build -ldflags "-X main.version=v1.2.3".
var version string

type versionCommand struct{}

// Help is shown by --help.
func (versionCommand) Help() string {
	return "Prints one line: the version, the commit it was built from, where it is known, the Go release and the platform."
}

// Examples are shown by --help.
func (versionCommand) Examples() string { return "  postern version\n" }

// Run prints the version.
func (versionCommand) Run(a *app) error {
	info, _ := debug.ReadBuildInfo()
	_, err := fmt.Fprintln(a.stdout, versionLine(info, version))
	return err
}

// versionLine describes a build. info may be nil, and stamped "".
func versionLine(info *debug.BuildInfo, stamped string) string {
	version, commit := cmp.Or(stamped, "(devel)"), ""
	if info != nil {
		version = cmp.Or(stamped, info.Main.Version, version)
		dirty := ""
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = " commit " + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = " (modified)"
			}
		}
		if commit != "" {
			commit += dirty
		}
	}
	return fmt.Sprintf("postern %s%s, %s %s/%s", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
