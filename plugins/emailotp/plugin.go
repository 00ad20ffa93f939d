package emailotp

import (
	"embed"

	"github.com/varco-id/varco/plugins/internal/messageotp"
	"github.com/varco-id/varco/plugins/sdk"
)

// MethodID names the one method.
const MethodID = "email"

//go:embed config.schema.json
var configSchema []byte

// The catalogue. An error says what to do, not only what is wrong (WCAG 2.2, 3.3.3).
//
//go:embed texts/*.json
var texts embed.FS

// New returns the plugin, knowing no instance yet.
//
// Its factor is knowledge: what opens a mailbox is a password, so a combination of password and e-mail has one factor, and the
// configuration check refuses it where a level asks for two. RFC 8176 has no value for e-mail; the code is an "otp".
func New() *messageotp.Plugin {
	return messageotp.New(messageotp.Definition{
		Name:    "email-otp",
		Methods: []messageotp.Method{{ID: MethodID, Channel: "email", Factor: sdk.FactorKnowledge, AMR: "otp"}},
		Field:   sdk.FieldEmail, ImportKey: "email",
		ConfigSchema: configSchema, Texts: texts, Configure: configure,
	})
}

func configure(raw []byte) (messageotp.Settings, []sdk.Problem) {
	c := messageotp.Defaults(10)
	if problems := sdk.DecodeConfig(raw, &c); len(problems) > 0 {
		return messageotp.Settings{}, problems
	}
	return messageotp.Settings{Config: c, Book: book{}}, c.Problems()
}
