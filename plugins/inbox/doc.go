// Package inbox is the bundled delivery channel that sends nothing: it writes each message as a line of JSON into a file, for
// the demo and for tests. Anybody who can read the file can read the codes in it, so it has no place in production, and its
// health check says so.
//
// It owns the file: its form ([Entry]), the promise that one idempotency key is written once, also when two processes of the plugin
// overlap during a reload, and its bounded size. It does not own who may see the messages; [Read] gives them to whoever may.
package inbox
