// Package policy owns the rules of how strongly a person must prove who they are: which acr values exist, which
// combinations of methods reach each, what a request needs. Pure: no storage, no clock of its own.
package policy
