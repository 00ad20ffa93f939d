package password

import (
	"fmt"

	"github.com/varco-id/varco/plugins/password/internal/blocklist"
	"github.com/varco-id/varco/plugins/sdk"
)

// Config is the configuration of an instance. Its JSON Schema is config.schema.json; the zero value of a member that
// is left out is replaced by the default.
type Config struct {
	// MinLength of a new password in characters (Unicode code points), 8 to 64; default 15. NIST SP 800-63B-4 asks
	// for 15 where the password can be the only factor, and allows 8 where it is always one of several.
	MinLength int `json:"min_length"`
	// MaxLength of a new password in characters, 64 to 256; default 256.
	MaxLength int `json:"max_length"`
	// MinScore is the strength, on zxcvbn's scale of 0 to 4, under which a new password is refused; default 2, that
	// is a million guesses. 0 judges by length and lists alone.
	MinScore int `json:"min_score"`
	// ContextWords are names that an attacker would try here: the bank's, its products'. The person's names and the
	// relying party's are always among them.
	ContextWords []string `json:"context_words"`
	// BlocklistFile is the path of a file of breached passwords in the format of Pwned Passwords, sorted; optional.
	BlocklistFile string `json:"blocklist_file"`
	// Argon2 holds the cost of a hash.
	Argon2 Params `json:"argon2"`
}

func defaultConfig() Config {
	return Config{MinLength: 15, MaxLength: 256, MinScore: 2, Argon2: defaultParams}
}

// parseConfig decodes raw strictly over the defaults.
func parseConfig(raw []byte) (Config, []sdk.Problem) {
	config := defaultConfig()
	if problems := sdk.DecodeConfig(raw, &config); len(problems) > 0 {
		return Config{}, problems
	}
	return config, nil
}

// problems tells what the schema cannot say too, so that an instance is safe whoever configures it.
func (c Config) problems() []sdk.Problem {
	var found []sdk.Problem
	add := func(pointer, format string, args ...any) {
		found = append(found, sdk.Problem{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
	}
	between := func(pointer string, v, lo, hi int) {
		if v < lo || v > hi {
			add(pointer, "set it between %d and %d; it is %d", lo, hi, v)
		}
	}
	between("/min_length", c.MinLength, 8, 64)
	between("/max_length", c.MaxLength, 64, 256)
	between("/min_score", c.MinScore, 0, 4)
	if len(c.ContextWords) > 100 {
		add("/context_words", "give at most 100 words; these are %d", len(c.ContextWords))
	}
	for i, w := range c.ContextWords {
		if n := len([]rune(w)); n < minContextWord || n > 64 {
			add(fmt.Sprintf("/context_words/%d", i), "give a word of %d to 64 characters", minContextWord)
		}
	}
	if c.BlocklistFile != "" {
		if err := blocklist.File(c.BlocklistFile).Check(); err != nil {
			add("/blocklist_file", "give a readable file of sorted SHA-1 hashes as Pwned Passwords distributes it: %v", err)
		}
	}
	return append(found, c.Argon2.problems()...)
}
