//go:build race

package server_test

// underRace is set where the race detector is on, which lets pools of reusable memory forget at random.
const underRace = true
