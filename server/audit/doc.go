// Package audit keeps a record of who did what: one line of JSON, or one row, a request.
//
// A line names the caller, the role, the action and what it was done to. It has no way to hold a token, a password, a
// header, a body or a value of a filter. Whatever a client puts into a name or an id, a line stays one line of printable
// characters.
//
// Requests do not wait for the log. Lines wait in a queue of bounded size while a file or a database cannot be written;
// lines beyond that are lost, counted and reported. A process that is killed loses its queue: the lines of the last
// moments, or for a table of the last fifth of a second.
package audit
