//go:build !race

package openapi_test

// underRace is set if the race detector runs, which makes everything many times slower.
const underRace = false
