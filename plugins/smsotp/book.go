package smsotp

import (
	"errors"
	"slices"

	"github.com/varco-id/varco/plugins/smsotp/internal/phone"
)

// book knows telephone numbers.
type book struct{ Config }

// Parse implements [messageotp.Book].
func (b book) Parse(typed, channel string) (address, problem string) {
	n, err := phone.Parse(typed, b.DefaultRegion)
	switch {
	case errors.Is(err, phone.ErrCountry):
		return "", "error.country"
	case errors.Is(err, phone.ErrService):
		return "", "error.service"
	case err != nil:
		return "", "error.phone"
	case len(b.Regions) > 0 && !slices.Contains(b.Regions, n.Region):
		return "", "error.region"
	case channel == "sms" && n.Kind == phone.Fixed:
		return "", "error.fixed"
	}
	return n.E164, ""
}

// Mask implements [messageotp.Book]: the last three digits, and as many dots whatever the length.
func (book) Mask(address string) string {
	return "•• •••• " + address[max(0, len(address)-3):]
}

// Reaches implements [messageotp.Book]: no text message gets to a land line. A number whose country was taken off the list since is not
// reached any more.
func (b book) Reaches(address, channel string) bool {
	_, problem := b.Parse(address, channel)
	return problem == ""
}
