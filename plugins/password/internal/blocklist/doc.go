// Package blocklist knows the passwords that attackers try first: one list shipped inside the binary, and one that an
// operator may bring as a file.
//
// The shipped list holds no password, only 40 bits of the SHA-256 of each, sorted, with a rank: it is read in place
// from the executable's read-only pages, so it costs no heap in any of the processes that the binary becomes, and
// nobody finds a list of other people's passwords in it. Forty bits make one innocent password in some four million
// look listed; its owner is asked for another one. The folder generate rebuilds the list from its sources.
//
// The operator's file is in the format of the Pwned Passwords ranges joined into one: a line per SHA-1, sorted. It is
// searched on disk and never loaded.
//
// The package does not decide what is refused, nor in which words; plugins/password does.
package blocklist
