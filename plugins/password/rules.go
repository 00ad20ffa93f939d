package password

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/password/internal/blocklist"
	"github.com/varco-id/varco/plugins/password/internal/strength"
	"github.com/varco-id/varco/plugins/sdk"
)

// refusal looks for the first rule that a new password, already normalised, breaks. The text says what to do; its
// zero value means that the password is good.
//
// Errors: the operator's file cannot be searched. A password that could not be looked up is not accepted.
func (p *Plugin) refusal(in *instance, password string, own []string) (sdk.Text, error) {
	c := in.config
	switch n := utf8.RuneCountInString(password); {
	case n == 0:
		return sdk.T("error.required"), nil
	case len(password) > maxInput || n > c.MaxLength:
		return sdk.T("error.too_long", "max", strconv.Itoa(c.MaxLength)), nil
	case !stable(password):
		return sdk.T("error.characters"), nil
	case n < c.MinLength:
		return sdk.T("error.too_short", "min", strconv.Itoa(c.MinLength), "count", strconv.Itoa(n)), nil
	}
	if p.listed(password) {
		return sdk.T("error.listed"), nil
	}
	if c.BlocklistFile != "" {
		listed, err := blocklist.File(c.BlocklistFile).Has(password)
		if err != nil {
			return sdk.Text{}, sdk.Unavailable(fmt.Errorf("password: %w", err))
		}
		if listed {
			return sdk.T("error.listed"), nil
		}
	}
	if onlyContext(password, own) {
		return sdk.T("error.context"), nil
	}
	// The estimate stands for the part of the list that is too long to ship: whole passwords that a program makes up
	// from words, walks and dates within its first guesses. It asks for no kind of character.
	if c.MinScore > 0 && strength.Score(strength.Guesses(password, blocklist.Shipped(), own)) < c.MinScore {
		return sdk.T("error.weak"), nil
	}
	return sdk.Text{}, nil
}
