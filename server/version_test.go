package server

import (
	"runtime/debug"
	"testing"
)

// TestVersionIn checks that the version is Postern's, also in a program that has it as a library.
func TestVersionIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		info debug.BuildInfo
		want string
	}{
		{debug.BuildInfo{}, "devel"},
		{debug.BuildInfo{Main: debug.Module{Path: modulePath, Version: "(devel)"}}, "devel"},
		{debug.BuildInfo{Main: debug.Module{Path: modulePath, Version: "v1.2.0"}}, "v1.2.0"},
		{debug.BuildInfo{
			Main: debug.Module{Path: "example.com/app", Version: "v9.0.0"}, Deps: []*debug.Module{{Path: modulePath, Version: "v1.3.0"}},
		}, "v1.3.0"},
	} {
		if got := versionIn(&c.info); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.info, got, c.want)
		}
	}
}
