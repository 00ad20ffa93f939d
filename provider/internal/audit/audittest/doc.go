// Package audittest helps tests with the audit log: a store in memory that stands in for the real one, and the rules that every
// [audit.Store] must keep.
//
// The store's contents are open fields, because a test of the log wants to tamper with them. It is for tests only.
package audittest
