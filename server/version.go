package server

import "runtime/debug"

// modulePath is the path of Postern's own module.
const modulePath = "github.com/postern-db/postern"

// moduleVersion is the version of Postern that the program was built with, "devel" if the build does not say.
func moduleVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	return versionIn(info)
}

// programVersion is the version of Postern: as its own program has it, which knows best, or as a part of another.
func programVersion(stated string) string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path != modulePath {
		return versionIn(info)
	}
	return stated
}

func versionIn(info *debug.BuildInfo) string {
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == modulePath && m.Version != "" && m.Version != "(devel)" {
			return m.Version
		}
	}
	return "devel"
}
