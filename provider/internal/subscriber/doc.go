// Package subscriber owns who can sign in: subscribers, the names they sign in with, and the credentials bound to
// them. It does not own how a credential is checked (plugins) or when (login).
package subscriber
