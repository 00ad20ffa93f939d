// Package pgtest gives each test a PostgreSQL database of its own, with the schema in it.
//
// The server is the one that VARCO_TEST_POSTGRES names (a URL of a role that may create databases), else a private one made from
// the binaries that Debian's package postgresql installs: started by the first test of a process that asks, on a loopback port,
// and ended with the process, however that ends. Databases are copies of a migrated template.
package pgtest
