package passkey

import "encoding/base64"

// decoy is a credential that nobody holds: a signature is checked against it when nobody has the one that answered, so that an unknown
// credential takes as long as a wrong answer.
func decoy() data { return data{PublicKey: decoyKey} }

// A COSE_Key for ES256. Its point is the generator of P-256, so its private key is known to be 1: that nobody holds the credential is for
// Continue to remember, whatever the signature.
var decoyKey = mustDecode("pQECAyYgASFYIGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWIlggT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU")

func mustDecode(s string) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return raw
}
