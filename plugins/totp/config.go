package totp

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/internal/oathcode"
	"github.com/varco-id/varco/plugins/sdk"
)

// Config is the configuration of an instance. Its JSON Schema is config.schema.json; a member that is left out has
// its default. Algorithm, Digits and Period hold for apps bound from now on: each credential keeps its own.
type Config struct {
	// Issuer is what the app shows above the account, at most 32 characters without a colon; default: the domain of the sign-in page.
	Issuer string `json:"issuer"`
	// Algorithm is SHA1, SHA256 or SHA512; default SHA1, as some apps ignore the others and then show wrong codes.
	Algorithm string `json:"algorithm"`
	// Digits is 6 or 8; default 6.
	Digits int `json:"digits"`
	// Period is 30 or 60 seconds; default 30.
	Period int `json:"period"`
	// Skew is how many periods a code may be early or late, 0 to 2; default 1.
	Skew int `json:"skew"`
	// RememberDrift follows the clock of a device that goes wrong little by little (RFC 6238 section 6); default off,
	// as phones set their clocks by themselves.
	RememberDrift bool `json:"remember_drift"`
}

// maxLifetime in seconds bounds how long after it first shows a code can be used by whoever saw it.
const maxLifetime = 120

func parseConfig(raw []byte) (Config, []sdk.Problem) {
	config := Config{Algorithm: "SHA1", Digits: 6, Period: 30, Skew: 1}
	if problems := sdk.DecodeConfig(raw, &config); len(problems) > 0 {
		return Config{}, problems
	}
	return config, config.problems()
}

func (c Config) problems() []sdk.Problem {
	var found []sdk.Problem
	add := func(pointer, format string, args ...any) {
		found = append(found, sdk.Problem{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
	}
	if strings.Contains(c.Issuer, ":") || utf8.RuneCountInString(c.Issuer) > maxIssuer {
		add("/issuer", "give at most %d characters without a colon, which ends the issuer in an app's key", maxIssuer)
	}
	if oathcode.SeedLength(c.Algorithm) == 0 {
		add("/algorithm", "give SHA1, SHA256 or SHA512")
	}
	if c.Digits != 6 && c.Digits != 8 {
		add("/digits", "give 6 or 8; it is %d", c.Digits)
	}
	if c.Period != 30 && c.Period != 60 {
		add("/period", "give 30 or 60 seconds; it is %d", c.Period)
	}
	if c.Skew < 0 || c.Skew > 2 {
		add("/skew", "set it between 0 and 2; it is %d", c.Skew)
	}
	if len(found) == 0 && c.Period*(c.Skew+1) > maxLifetime {
		add("/skew", "lower it: with a period of %d s a code could be used for %d s, more than %d", c.Period, c.Period*(c.Skew+1), maxLifetime)
	}
	return found
}
