package messageotp

import (
	"io/fs"

	"github.com/varco-id/varco/plugins/sdk"
)

// Definition is what differs between plugins that send codes.
type Definition struct {
	Name         string // of the plugin and of its credentials' type
	Methods      []Method
	Field        sdk.FieldKind // of an address
	ImportKey    string        // the one member of an import's JSON object
	ConfigSchema []byte
	Texts        fs.FS // LOCALE.json; they come over the shared ones
	// Configure reads the configuration of an instance.
	Configure func(raw []byte) (Settings, []sdk.Problem)
}

// Method is one way to send a code to a credential's address.
type Method struct {
	ID      string
	Channel string // the kind of delivery channel: sms, voice, email
	Factor  sdk.Factor
	AMR     string
}

// Settings are an instance's.
type Settings struct {
	Config
	Book
}

// Book knows one kind of address.
type Book interface {
	// Parse reads an address as people type it and returns its canonical form. problem is the text key of what is wrong with it. An
	// empty channel asks for an address that any of the plugin's channels reaches.
	Parse(typed, channel string) (address, problem string)
	// Mask is what the owner may see of it on a page that somebody may look at over their shoulder.
	Mask(address string) string
	// Reaches says whether a message of the channel gets to the address.
	Reaches(address, channel string) bool
}

func (d Definition) method(id string) (Method, bool) {
	for _, m := range d.Methods {
		if m.ID == id {
			return m, true
		}
	}
	return Method{}, false
}
