// Package httpsend makes one HTTP request for a delivery channel, and keeps what is known of it.
//
// The question after a failure is whether the message may have left. A request whose header was never written did nothing; one that was
// written and got no answer may have done everything. The package tells the two apart ([Error]), bounds what is read, connects only
// to where it was told (no redirects, no proxy of the environment) and quotes neither URLs nor bodies, which hold numbers and codes. It does
// not own what an answer means.
package httpsend
