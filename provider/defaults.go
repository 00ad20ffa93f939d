package provider

import (
	"time"

	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/throttle"
)

// The acr values of the default policy.
const (
	ACROneFactor = "urn:varco:1fa" // one factor
	ACRStrong    = "urn:varco:sca" // strong customer authentication: two factors (PSD2 article 4(30))
)

// Defaults returns the configuration that holds where the file says nothing.
func Defaults() *Config {
	t := throttle.Defaults()
	r := policy.RecoveryDefaults()
	return &Config{
		Listen:      "127.0.0.1:8080",
		DataDir:     "data",
		Database:    Database{MaxConns: 20},
		SigningKeys: SigningKeys{Rotate: Duration(90 * 24 * time.Hour), PublishAhead: Duration(24 * time.Hour)},
		Session:     Session{Inactivity: Duration(5 * time.Minute), Absolute: Duration(12 * time.Hour)},
		Policy:      defaultPolicy(),
		Recovery: Recovery{CoolingOff: Duration(r.CoolingOff), TicketLifetime: Duration(r.TicketLifetime), TicketApprovals: r.TicketApprovals,
			MessagesPerHour: r.MessagesPerHour},
		Throttle: Throttle{
			MaxFailures: t.MaxFailures, Block: Duration(t.Block), MaxBlock: Duration(t.MaxBlock), LastingAfter: t.LastingAfter,
			AddressFailures: t.AddressFailures, AddressWindow: Duration(t.AddressWindow), PerSecond: 200, StartsPerAddress: 20,
		},
		Plugins:  map[string]Plugin{"password": {Plugin: "password"}, "totp": {Plugin: "totp"}},
		Brand:    Brand{Name: "Varco"},
		TimeZone: "UTC",
		Locales:  []string{"en", "it"},
		Log:      Log{Level: "info"},
	}
}

// defaultPolicy asks everybody for two factors. Nobody can bind a second factor with only the first: where that is
// wanted, an operator writes bind_at_login.
func defaultPolicy() Policy {
	return Policy{
		Levels: []Level{
			{ACR: ACROneFactor, AnyOf: [][]string{{"password"}}, Factors: 1},
			{ACR: ACRStrong, AnyOf: [][]string{{"password", "totp"}}, Factors: 2},
		},
		Default: ACRStrong,
	}
}
