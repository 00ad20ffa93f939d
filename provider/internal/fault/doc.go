// Package fault is the one vocabulary of error kinds inside the provider.
//
// A package that fails says which kind of failure it was; a package that handles the failure decides by the kind alone
// and never by a driver's error type or by text. Every edge (OIDC endpoints, pages, admin API, phone API) maps the same few
// kinds to its own wire errors.
//
// It does not own those mappings beyond the plain HTTP status, and it holds no text for users: a message here is for the
// operator's log. An error of no kind is [Internal].
package fault
