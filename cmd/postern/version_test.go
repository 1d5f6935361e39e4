package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionLine(t *testing.T) {
	t.Parallel()
	built := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "0123456789abcdef"},
	}}
	for want, info := range map[string]*debug.BuildInfo{
		"postern (devel), go": nil,
		"postern v1.2.3 commit 0123456789ab (modified), go1.": built,
	} {
		if got := versionLine(info, ""); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q…", got, want)
		}
	}
	if got := versionLine(built, "v2.0.0"); !strings.HasPrefix(got, "postern v2.0.0 commit 0123456789ab") {
		t.Errorf("got %q", got)
	}
}
