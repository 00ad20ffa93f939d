// Package sdk is what a plugin author needs and nothing more: plain structs, one small interface per service, and
// [Serve]. A plugin is a program that calls Serve; the Varco host launches it with hashicorp/go-plugin in gRPC mode
// and talks to it over a private socket with mutual TLS.
//
// A step of an authenticator is a function: (context, credentials, state, inputs) → (outcome, new state, credential
// changes, effects). A plugin keeps nothing between calls: the host seals the state and the credentials, hands them
// back at the next call, and commits everything that a step returned in one transaction, or none of it. So any
// replica can run any step, and a plugin may be killed at any moment.
//
// Two error channels. What a person did wrong is in the message ([Failure] with a [Reason]). A technical fault is a
// gRPC status error (see [Unavailable] and its siblings): it never counts as a failed attempt and never lets anyone in.
//
// This package owns the types and the transport; it does not own launching or supervision (plugins/host) or the
// wire format (plugins/sdk/varcopb).
package sdk
