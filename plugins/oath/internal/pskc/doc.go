// Package pskc reads the files that makers of hardware tokens deliver seeds in: the Portable Symmetric Key Container (RFC 6030), in clear,
// encrypted with a key agreed on before (section 6.1), or with one derived from a password (section 6.2).
//
// It reads what such files hold for OATH tokens, strictly: an element that changes what a key may be used for and is not understood is an
// error, as is an encrypted value without a MAC. It does not read keys wrapped for certificates (6.3), does not verify XML signatures, and
// writes nothing. No maintained Go library for the format was found.
//
// The file comes from outside. Its size, its nesting, its number of keys and the cost of its password are bounded; document type
// declarations, and with them entities, are refused.
package pskc
