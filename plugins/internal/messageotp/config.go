package messageotp

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/sdk"
)

// Config is the part of an instance's configuration that all plugins share. Embed it in the plugin's own.
type Config struct {
	// Brand is who a message says it is from; default: the relying party's name, else the domain of the sign-in page.
	Brand string `json:"brand"`
	// Digits of a code, 6 to 8.
	Digits int `json:"digits"`
	// LifetimeMinutes of a code, 1 to 10.
	LifetimeMinutes int `json:"lifetime_minutes"`
	// Resends is how often a code can be sent again within one flow, 0 to 5.
	Resends int `json:"resends"`
	// PerQuarterHour and PerDay bound the messages of one person, whatever asks for them.
	PerQuarterHour int `json:"max_per_15_minutes"`
	PerDay         int `json:"max_per_day"`
}

// Defaults are those of a plugin whose codes live for some minutes.
func Defaults(minutes int) Config {
	return Config{Digits: 6, LifetimeMinutes: minutes, Resends: 3, PerQuarterHour: 5, PerDay: 20}
}

// maxTries is how many guesses one code takes.
const maxTries = 5

// maxBrand in characters keeps a text message short.
const maxBrand = 30

func (c Config) lifetime() time.Duration { return time.Duration(c.LifetimeMinutes) * time.Minute }

// pause before a flow's next message, when n were sent: 30 s, 1 min, 2 min …
func pause(n int) time.Duration { return 30 * time.Second << min(max(n-1, 0), 5) }

// Problems tells what is out of bounds.
func (c Config) Problems() []sdk.Problem {
	var found []sdk.Problem
	between := func(pointer string, v, lo, hi int) {
		if v < lo || v > hi {
			found = append(found, sdk.Problem{Pointer: pointer, Message: fmt.Sprintf("set it between %d and %d; it is %d", lo, hi, v)})
		}
	}
	between("/digits", c.Digits, 6, 8)
	between("/lifetime_minutes", c.LifetimeMinutes, 1, 10)
	between("/resends", c.Resends, 0, 5)
	between("/max_per_15_minutes", c.PerQuarterHour, 1, 20)
	between("/max_per_day", c.PerDay, 1, 100)
	if utf8.RuneCountInString(c.Brand) > maxBrand {
		found = append(found, sdk.Problem{Pointer: "/brand", Message: fmt.Sprintf("give at most %d characters", maxBrand)})
	}
	if len(found) == 0 && c.PerDay < c.PerQuarterHour {
		found = append(found, sdk.Problem{Pointer: "/max_per_day", Message: "set it to max_per_15_minutes or more"})
	}
	return found
}
