package main

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// TestReloadSignals sends both signals to reload before anybody looks: neither may be lost.
func TestReloadSignals(t *testing.T) {
	signals := notifyReloads() // of the whole process, so that other tests must not run meanwhile
	defer signals.stop()
	for _, sig := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGUSR2, syscall.SIGUSR1} {
		if err := syscall.Kill(os.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]chan os.Signal{"SIGUSR1": signals.schema, "SIGUSR2": signals.config} {
		select {
		case <-c:
		case <-time.After(20 * time.Second):
			t.Errorf("%s is lost", name)
		}
	}
}
