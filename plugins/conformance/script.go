package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"
)

// ScriptName is the file that is looked for next to a plugin.
const ScriptName = "conformance.yaml"

// Script tells the kit what no rule can know: a configuration, and right answers. Every member may be left out; what
// would need it is then not applicable. In its texts {{name}} stands for what is known only during a run, see
// docs/plugins/conformance.md.
type Script struct {
	// Config is the configuration of the instance under test.
	Config map[string]any `yaml:"config"`
	// Attributes are those of the person under test that the operator lets the instance see.
	Attributes map[string]string `yaml:"attributes"`
	// Advance is how much time passes between two logins of a person; default 90 s.
	Advance *Duration `yaml:"advance"`
	// Methods says how to walk through each method of an authenticator, by id.
	Methods map[string]*MethodScript `yaml:"methods"`
	// Backend is how the kit's own back end, {{backend}} in the configuration, answers HTTP requests.
	Backend []Reply `yaml:"backend"`

	Delivery  *DeliveryScript  `yaml:"delivery"`
	Risk      []RiskScript     `yaml:"risk"`
	Legacy    *LegacyScript    `yaml:"legacy"`
	Keys      *KeyScript       `yaml:"keys"`
	Callbacks []CallbackScript `yaml:"callbacks"`
}

// MethodScript walks through one method.
type MethodScript struct {
	// Enrol are the steps that bind a credential; or
	Enrol []Step `yaml:"enrol"`
	// Import is what ImportCredentials takes for one.
	Import any `yaml:"import"`
	// Otpauth is what the person's app or token holds from the start, where no QR code shows it: for {{totp}}.
	Otpauth string `yaml:"otpauth"`
	// List are one-time answers that the person holds, for {{list}}: each flow takes the next.
	List []string `yaml:"list"`
	// Right are the steps of a login that succeeds.
	Right []Step `yaml:"right"`
	// Wrong are wrong answers, each given instead of the last step of Right.
	Wrong []Step `yaml:"wrong"`
	// Once says that a right answer counts once: a one-time code.
	Once bool `yaml:"once"`
	// Lifetime is how long a right answer counts; nothing is checked without it.
	Lifetime Duration `yaml:"lifetime"`
}

// Step is one answer of a person. Exactly one member is set.
type Step struct {
	// Inputs are the values of the fields by name; only those that the view asks for are sent.
	Inputs map[string]string `yaml:"inputs"`
	// Exec is a program that makes them: it gets a [Question] as JSON on standard input and prints an [Answer].
	Exec []string `yaml:"exec"`
	// Callback is a request from outside (a phone), for a method that waits; the flow then goes on by itself.
	Callback *CallbackScript `yaml:"callback"`
	// Poll lets the flow go on by itself up to so many times while it is pending.
	Poll int `yaml:"poll"`
}

// Reply is one answer of the kit's own back end.
type Reply struct {
	Method string            `yaml:"method"` // empty: any
	Path   string            `yaml:"path"`   // empty: any
	Match  string            `yaml:"match"`  // the body must contain this; empty: any
	Status int               `yaml:"status"` // 0: 200
	Header map[string]string `yaml:"header"`
	JSON   any               `yaml:"json"`
	Body   string            `yaml:"body"`
}

// DeliveryScript walks through a delivery channel.
type DeliveryScript struct {
	To      map[string]string `yaml:"to"`      // an address by kind of channel
	Refused map[string]string `yaml:"refused"` // an address that is refused for good, by kind
}

// RiskScript is one question for a risk source and the verdict it must have.
type RiskScript struct {
	Operation string `yaml:"operation"`
	Address   string `yaml:"address"` // of the browser
	Known     bool   `yaml:"known"`
	Channel   string `yaml:"channel"`
	To        string `yaml:"to"`
	Want      string `yaml:"want"`
}

// LegacyScript walks through an old identity store.
type LegacyScript struct {
	Name    string `yaml:"name"` // an account that exists
	Secret  string `yaml:"secret"`
	Unknown string `yaml:"unknown"` // one that does not; default: a random name
}

// KeyScript names the keys of a key service.
type KeyScript struct {
	Wrap string `yaml:"wrap"` // for Wrap and Unwrap
	Sign string `yaml:"sign"` // for Sign
}

// CallbackScript is one request from outside.
type CallbackScript struct {
	Route  string            `yaml:"route"`
	Header map[string]string `yaml:"header"`
	Body   string            `yaml:"body"`
	URL    string            `yaml:"url"`
	Exec   []string          `yaml:"exec"`   // a program that prints {"body": "…", "header": {…}}
	Status int               `yaml:"status"` // the answer that is expected; 0: 2xx
}

// Duration is a time.Duration written like "90s".
type Duration time.Duration

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	parsed, err := time.ParseDuration(n.Value)
	if err != nil || parsed < 0 {
		return fmt.Errorf("line %d: want a duration like 90s, not %q", n.Line, n.Value)
	}
	*d = Duration(parsed)
	return nil
}

// ParseScript reads a script, YAML or JSON. Unknown members are errors.
func ParseScript(raw []byte) (*Script, error) {
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	s := new(Script)
	if err := d.Decode(s); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var more any
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the first document")
	}
	for id, m := range s.Methods {
		if m == nil {
			return nil, fmt.Errorf("methods.%s is empty", id)
		}
		if len(m.Enrol) > 0 && m.Import != nil {
			return nil, fmt.Errorf("methods.%s: give enrol or import, not both", id)
		}
		if len(m.Wrong) > 0 && len(m.Right) == 0 {
			return nil, fmt.Errorf("methods.%s: wrong answers stand in the place of right ones: give right, too", id)
		}
		for name, steps := range map[string][]Step{"enrol": m.Enrol, "right": m.Right, "wrong": m.Wrong} {
			for i := range steps {
				if err := steps[i].check(); err != nil {
					return nil, fmt.Errorf("methods.%s.%s[%d]: %w", id, name, i, err)
				}
			}
		}
	}
	if _, err := json.Marshal(s.Config); err != nil {
		return nil, fmt.Errorf("config: not expressible in JSON: %w", err)
	}
	return s, nil
}

func (s *Step) check() error {
	n := 0
	for _, set := range []bool{s.Inputs != nil, len(s.Exec) > 0, s.Callback != nil, s.Poll > 0} {
		if set {
			n++
		}
	}
	if n != 1 {
		return errors.New("give exactly one of inputs, exec, callback and poll")
	}
	return nil
}

// LoadScript reads a script from a file or, from a folder, its conformance.yaml. No such file in a folder is an empty
// script.
func LoadScript(path string) (*Script, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	folder := info.IsDir()
	if folder {
		path = filepath.Join(path, ScriptName)
	}
	raw, err := os.ReadFile(path)
	if folder && errors.Is(err, os.ErrNotExist) {
		return new(Script), nil
	}
	if err != nil {
		return nil, err
	}
	s, err := ParseScript(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// LoadConfig takes the configuration from a file, JSON or YAML.
func (s *Script) LoadConfig(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var config map[string]any
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	s.Config = config
	return nil
}
