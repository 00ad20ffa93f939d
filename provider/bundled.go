package provider

import (
	"maps"
	"slices"

	"github.com/varco-id/varco/plugins/emailotp"
	"github.com/varco-id/varco/plugins/inbox"
	"github.com/varco-id/varco/plugins/oath"
	"github.com/varco-id/varco/plugins/passkey"
	"github.com/varco-id/varco/plugins/password"
	"github.com/varco-id/varco/plugins/recoverycodes"
	"github.com/varco-id/varco/plugins/riskhttp"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/smsotp"
	"github.com/varco-id/varco/plugins/smtp"
	"github.com/varco-id/varco/plugins/totp"
	"github.com/varco-id/varco/plugins/twilio"
	"github.com/varco-id/varco/plugins/webhook"
)

// bundled are the plugins that come with the varco binary: the same program run again as `varco plugin serve NAME`, a
// process of its own for each instance.
var bundled = map[string]func() sdk.Plugin{
	"email-otp":      func() sdk.Plugin { return emailotp.New() },
	"inbox":          func() sdk.Plugin { return inbox.New() },
	"passkey":        func() sdk.Plugin { return passkey.New() },
	"oath":           func() sdk.Plugin { return oath.New() },
	"password":       func() sdk.Plugin { return password.New() },
	"recovery-codes": func() sdk.Plugin { return recoverycodes.New() },
	"risk-http":      func() sdk.Plugin { return riskhttp.New() },
	"security-key":   func() sdk.Plugin { return passkey.NewSecurityKey() },
	"sms-otp":        func() sdk.Plugin { return smsotp.New() },
	"smtp":           func() sdk.Plugin { return smtp.New() },
	"totp":           func() sdk.Plugin { return totp.New() },
	"twilio":         func() sdk.Plugin { return twilio.New() },
	"webhook":        func() sdk.Plugin { return webhook.New() },
}

// BundledNames lists the plugins that come with the binary.
func BundledNames() []string { return slices.Sorted(maps.Keys(bundled)) }

// IsBundled says whether a plugin of that name comes with the binary.
func IsBundled(name string) bool {
	_, ok := bundled[name]
	return ok
}

// BundledPlugin makes a plugin that comes with the binary, for this process to serve.
func BundledPlugin(name string) (sdk.Plugin, bool) {
	fresh, ok := bundled[name]
	if !ok {
		return nil, false
	}
	return fresh(), true
}
