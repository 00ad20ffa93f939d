// Package store is the union of what the domains ask of storage, and nothing else: the type that wiring passes around so that it
// need not name a database. The one implementation is sqlstore; storetest holds it to its promises on both databases.
package store
