package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

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
	_, err := fmt.Fprintln(a.stdout, versionLine(info))
	return err
}

// versionLine describes a build. info may be nil.
func versionLine(info *debug.BuildInfo) string {
	version, commit := "(devel)", ""
	if info != nil {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
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
