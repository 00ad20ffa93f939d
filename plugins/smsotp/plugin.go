package smsotp

import (
	"embed"
	"fmt"
	"slices"

	"github.com/varco-id/varco/plugins/internal/messageotp"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/smsotp/internal/phone"
)

// The methods: both reach the same number.
const (
	MethodSMS   = "sms"
	MethodVoice = "voice"
)

//go:embed config.schema.json
var configSchema []byte

// The catalogue. An error says what to do, not only what is wrong (WCAG 2.2, 3.3.3). The texts of messages keep to the characters of the
// GSM alphabet: one other would halve what fits into a text message.
//
//go:embed texts/*.json
var texts embed.FS

// New returns the plugin, knowing no instance yet.
func New() *messageotp.Plugin {
	return messageotp.New(messageotp.Definition{
		Name: "sms-otp",
		Methods: []messageotp.Method{
			{ID: MethodSMS, Channel: "sms", Factor: sdk.FactorPossession, AMR: "sms"},
			{ID: MethodVoice, Channel: "voice", Factor: sdk.FactorPossession, AMR: "tel"},
		},
		Field: sdk.FieldPhone, ImportKey: "phone",
		ConfigSchema: configSchema, Texts: texts, Configure: configure,
	})
}

// Config is the configuration of an instance. Its JSON Schema is config.schema.json.
type Config struct {
	messageotp.Config
	// DefaultRegion is the country (ISO 3166) of numbers that are written without one; default: none, and the person is told to begin with +.
	DefaultRegion string `json:"default_region"`
	// Regions are the countries whose numbers are taken; default: all. Messages to some countries cost a lot, and frauds earn by them.
	Regions []string `json:"regions"`
}

func configure(raw []byte) (messageotp.Settings, []sdk.Problem) {
	c := Config{Config: messageotp.Defaults(3)}
	problems := sdk.DecodeConfig(raw, &c)
	if len(problems) > 0 {
		return messageotp.Settings{}, problems
	}
	problems = c.Problems()
	if c.DefaultRegion != "" && !phone.IsRegion(c.DefaultRegion) {
		problems = append(problems, sdk.Problem{Pointer: "/default_region", Message: "give a country's ISO 3166 code in capitals, like IT"})
	}
	for i, r := range c.Regions {
		if !phone.IsRegion(r) {
			problems = append(problems, sdk.Problem{Pointer: fmt.Sprintf("/regions/%d", i), Message: "give a country's ISO 3166 code in capitals, like IT"})
		}
	}
	if len(problems) == 0 && len(c.Regions) > 0 && c.DefaultRegion != "" && !slices.Contains(c.Regions, c.DefaultRegion) {
		problems = append(problems, sdk.Problem{Pointer: "/default_region", Message: "give one of regions: the numbers of this country are not taken"})
	}
	return messageotp.Settings{Config: c.Config, Book: book{c}}, problems
}
