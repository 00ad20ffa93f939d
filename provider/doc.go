// Package provider is the OpenID Provider as other programs see it: a configuration, a server made from it, and the
// operations an operator asks for.
//
//	varco.yaml ─┐
//	VARCO_… ────┼─ Load ──▶ Config ── New ──▶ server ── Run ──▶ until the context ends
//	defaults ───┘             │
//	                          └── OpenAdmin ──▶ Operation.Do: clients, subscribers, keys, database, audit
//
// It owns the configuration (its names, defaults and checks), the wiring of every part, and the operator's operations.
// What those parts do is owned by the packages under provider/internal.
package provider
