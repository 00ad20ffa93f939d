// Package storetest is the conformance suite of the store: what every domain was promised, and the races in which exactly one
// may win. It runs on each database alike.
//
// It owns the rules; pgtest and sqltest make the databases. A rule opens a database of its own and speaks to it through
// [store.Store] alone.
package storetest
