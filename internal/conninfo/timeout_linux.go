package conninfo

import "golang.org/x/sys/unix"

// userTimeout is the option of a socket that tcp_user_timeout sets.
const userTimeout = unix.TCP_USER_TIMEOUT
