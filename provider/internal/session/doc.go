// Package session owns OP sessions: what a person proved in this browser, and until when it counts. It does not own
// login Flows (login) or tokens (grant).
package session
