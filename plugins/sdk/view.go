package sdk

// Text is a key of the plugin's catalogue with named parameters. The host resolves it (operator's override → the
// person's language → its base language → English) and escapes it: markup in a text is refused.
type Text struct {
	Key    string            `json:"key,omitempty"`
	Params map[string]string `json:"params,omitempty"`
}

// View is a screen as a closed list of nodes. The host renders it: accessible, translated, without JavaScript. At
// most 64 KiB. A node of a kind the host does not know makes the method not applicable.
type View struct {
	Title Text   `json:"title,omitzero"`
	Nodes []Node `json:"nodes,omitempty"`
}

// Node is one element of a view; exactly one field is set.
type Node struct {
	TextField   *TextField   `json:"text_field,omitempty"`
	Choice      *Choice      `json:"choice,omitempty"`
	QR          *QR          `json:"qr,omitempty"`
	WebAuthn    *WebAuthn    `json:"webauthn,omitempty"`
	Paragraph   *Paragraph   `json:"paragraph,omitempty"`
	Action      *Action      `json:"action,omitempty"`
	NumberMatch *NumberMatch `json:"number_match,omitempty"`
	Transaction *Shown       `json:"transaction,omitempty"`
	Wait        *Wait        `json:"wait,omitempty"`
	Image       *Image       `json:"image,omitempty"`
	Redirect    *Redirect    `json:"redirect,omitempty"`
}

// FieldKind chooses autocomplete token, input mode and masking of a text field.
type FieldKind string

// The kinds of text field.
const (
	FieldText        FieldKind = "text"
	FieldUsername    FieldKind = "username"
	FieldPassword    FieldKind = "password"
	FieldNewPassword FieldKind = "new-password"
	FieldOneTimeCode FieldKind = "one-time-code"
	FieldPhone       FieldKind = "phone"
	FieldEmail       FieldKind = "email"
)

// TextField is one line of input.
type TextField struct {
	Name      string    `json:"name"` // key in StepRequest.Inputs
	Kind      FieldKind `json:"kind"`
	Label     Text      `json:"label"`
	Hint      Text      `json:"hint,omitzero"`
	Error     Text      `json:"error,omitzero"`
	Value     string    `json:"value,omitempty"`      // never for a secret
	MinLength int       `json:"min_length,omitempty"` // in characters
	MaxLength int       `json:"max_length,omitempty"` // the host cuts off nothing: longer input is refused; 0 means 512
	Strength  bool      `json:"strength,omitempty"`   // show how strong a new password is
	Optional  bool      `json:"optional,omitempty"`   // may be left empty; the label should say so
}

// Choice is a list to pick one of.
type Choice struct {
	Name    string   `json:"name"`
	Label   Text     `json:"label"`
	Options []Option `json:"options"`
	Error   Text     `json:"error,omitzero"`
}

// Option is one entry of a Choice.
type Option struct {
	Value    string `json:"value"`
	Label    Text   `json:"label"`
	Selected bool   `json:"selected,omitempty"`
}

// QR is a code to scan. Alt and Typed are required: not everybody can scan.
type QR struct {
	Content string `json:"content"` // what the code holds; at most 1,000 bytes
	Alt     Text   `json:"alt"`
	Typed   string `json:"typed"` // the same, to type or copy
}

// WebAuthn asks the host's own script for a ceremony; the answer comes as the input "webauthn".
type WebAuthn struct {
	Create  bool   `json:"create,omitempty"`
	Options []byte `json:"options"` // PublicKeyCredentialCreationOptions or …RequestOptions as JSON
}

// Style sets the tone of a paragraph.
type Style string

// The styles of a paragraph.
const (
	StylePlain   Style = ""
	StyleError   Style = "error"
	StyleWarning Style = "warning"
	StyleSuccess Style = "success"
)

// Paragraph is text.
type Paragraph struct {
	Text  Text  `json:"text"`
	Style Style `json:"style,omitempty"`
}

// Action is a button; pressing it sends the form with the input "action" set to Name.
type Action struct {
	Name    string `json:"name"`
	Label   Text   `json:"label"`
	Primary bool   `json:"primary,omitempty"`
	Skip    bool   `json:"skip,omitempty"` // send without checking the fields
}

// NumberMatch shows digits that the person types on the authentication device.
type NumberMatch struct {
	Digits string `json:"digits"`
	Label  Text   `json:"label"`
}

// Shown is a transaction as the person must see it.
type Shown struct {
	Rows []ShownRow `json:"rows"`
}

// ShownRow is one line of a transaction: amount, payee.
type ShownRow struct {
	Label Text   `json:"label"`
	Value string `json:"value"`
}

// Wait tells that the page goes on by itself when something happens elsewhere.
type Wait struct {
	Text Text `json:"text"`
}

// Image is a PNG of at most 48 KiB.
type Image struct {
	PNG []byte `json:"png"`
	Alt Text   `json:"alt"`
}

// Redirect leaves the page for another origin, which must be in the instance's configuration.
type Redirect struct {
	URL   string `json:"url"`
	Label Text   `json:"label"`
}
