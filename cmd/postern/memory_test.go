package main

import "testing"

func TestGCPercent(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{
		0: 400, 1 << 20: 400, 4 << 20: 250, 7 << 20: 100, 10 << 20: 50, 14 << 20: 50, 1 << 30: 50,
	} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d bytes: %d %%, want %d", live, got, want)
		}
	}
}
