//go:build !linux

package conninfo

// userTimeout is 0 where tcp_user_timeout has no effect, as in libpq: where the system knows no such option.
const userTimeout = 0
