package totp

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/varco-id/varco/plugins/internal/oathcode"
	"github.com/varco-id/varco/plugins/sdk"
)

// maxIssuer in characters leaves room for the key and a name in what a QR node holds: the issuer is there twice, and
// a character may take 12 bytes.
const maxIssuer = 32

// keyURI writes the seed as the otpauth:// address that apps scan. A long account name loses its end, never the seed.
//
// It is written by hand: pquerna/otp v1.5.0 leaves the & of an issuer as it is, which then ends the issuer.
func keyURI(c Config, ctx sdk.StepContext, app oathcode.Clock) string {
	issuer := cmp.Or(c.Issuer, ctx.RPID, "Varco")
	account := []rune(cmp.Or(strings.TrimSpace(strings.ReplaceAll(ctx.Subject.Name, ":", " ")), ctx.Subject.ID))
	for {
		uri := fmt.Sprintf("otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=%s&digits=%d&period=%d",
			escape(issuer), escape(string(account)), app.Secret, escape(issuer), app.Algorithm, app.Digits, app.Period)
		if len(uri) <= sdk.MaxQR || len(account) <= 1 {
			return uri
		}
		account = account[:len(account)-1-len(account)/8]
	}
}

// escape writes a space as %20: some apps show the + of a query as it is.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
