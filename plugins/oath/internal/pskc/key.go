package pskc

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind says what a token's codes change with.
type Kind string

// The kinds.
const (
	Event Kind = "hotp" // each press (RFC 4226)
	Time  Kind = "totp" // time (RFC 6238)
)

// Key is one token.
type Key struct {
	Serial    string
	Model     string // maker and model, empty if the file does not tell
	Kind      Kind
	Secret    []byte
	Algorithm string // SHA1, SHA256, SHA512
	Digits    int
	Period    int       // seconds; of Time
	Counter   int64     // the next count; of Event
	Drift     int64     // periods that the token's clock is ahead; of Time
	Expires   time.Time // zero: never
}

// Container is a file, parsed; its keys are opened one by one.
type Container struct {
	keys  []keyPackage
	vault func() (*vault, error)
}

// Open parses a file. Whether the secrets are right shows when a key is read.
//
// No error quotes the file: it may hold seeds in clear.
func Open(raw []byte, s Secrets) (*Container, error) {
	d, err := read(raw)
	if err != nil {
		return nil, err
	}
	return &Container{keys: d.Keys, vault: func() (*vault, error) { return d.vault(s) }}, nil
}

// Serials lists the tokens in the order of the file.
func (c *Container) Serials() []string {
	out := make([]string, len(c.keys))
	for i := range c.keys {
		out[i] = c.keys[i].serial()
	}
	return out
}

// Key reads the token with a serial number; the number may be empty if the file holds one token.
func (c *Container) Key(serial string) (Key, error) {
	var found *keyPackage
	for i := range c.keys {
		if p := &c.keys[i]; p.serial() == serial || serial == "" && len(c.keys) == 1 {
			if found != nil {
				return Key{}, errors.New("the PSKC file holds two tokens with this serial number")
			}
			found = p
		}
	}
	switch {
	case found == nil && serial == "":
		return Key{}, errors.New("the PSKC file holds several tokens: say which by its serial number")
	case found == nil:
		return Key{}, errors.New("the PSKC file does not hold the token with this serial number")
	}
	return found.read(c.vault)
}

func (p *keyPackage) serial() string {
	if s := strings.TrimSpace(p.Device.Serial); s != "" || p.Key == nil {
		return s
	}
	return strings.TrimSpace(p.Key.ID)
}

// suites are the hashes by the names that files have for them; RFC 6030 leaves the list open.
var suites = map[string]string{
	"": "SHA1", "SHA1": "SHA1", "SHA-1": "SHA1", "HMAC-SHA1": "SHA1", "HMAC-SHA-1": "SHA1",
	"SHA256": "SHA256", "SHA-256": "SHA256", "HMAC-SHA256": "SHA256", "HMAC-SHA-256": "SHA256",
	"SHA512": "SHA512", "SHA-512": "SHA512", "HMAC-SHA512": "SHA512", "HMAC-SHA-512": "SHA512",
}

func (p *keyPackage) read(open func() (*vault, error)) (Key, error) {
	k := p.Key
	if k == nil || k.Data == nil || k.Data.Secret == nil {
		return Key{}, errors.New("the token has no key in the PSKC file")
	}
	if k.ProfileID != "" || k.Reference != "" {
		return Key{}, errors.New("the token's key lies in a profile elsewhere, not in the PSKC file")
	}
	out := Key{Serial: p.serial(), Model: strings.TrimSpace(p.Device.Manufacturer + " " + p.Device.Model)}
	switch k.Algorithm {
	case "urn:ietf:params:xml:ns:keyprov:pskc:hotp":
		out.Kind = Event
	case "urn:ietf:params:xml:ns:keyprov:pskc:totp":
		out.Kind = Time
	default:
		return Key{}, errors.New("the token is neither HOTP nor TOTP")
	}
	known := false
	if out.Algorithm, known = suites[strings.ToUpper(strings.TrimSpace(k.Parameters.Suite))]; !known {
		return Key{}, errors.New("the token's codes are made by an unknown hash")
	}
	f := k.Parameters.Response
	if f == nil || f.Encoding != "DECIMAL" || f.CheckDigits != "" && f.CheckDigits != "false" && f.CheckDigits != "0" {
		return Key{}, errors.New("the token's codes are not plain decimal digits")
	}
	out.Digits = f.Length
	if err := p.policy(&out); err != nil {
		return Key{}, err
	}
	if err := k.Data.numbers(&out); err != nil {
		return Key{}, err
	}
	var err error
	out.Secret, err = k.Data.Secret.bytes(open)
	return out, err
}

// policy keeps to what the maker allows (RFC 6030 section 5). What is not understood forbids the key.
func (p *keyPackage) policy(out *Key) error {
	dates := []string{p.Device.Expiry}
	if r := p.Key.Policy; r != nil {
		if len(r.Other) > 0 {
			return fmt.Errorf("the token's policy has %s, which is not understood, and so forbids its use", r.Other[0].XMLName.Local)
		}
		if len(r.Usage) > 0 && !slices.ContainsFunc(r.Usage, func(u string) bool { return strings.TrimSpace(u) == "OTP" }) {
			return errors.New("the token's policy does not allow it for one-time passwords")
		}
		if strings.TrimSpace(r.Start) != "" {
			return errors.New("the token's policy has a StartDate: import it when that has come, without it")
		}
		dates = append(dates, r.Expiry)
	}
	for _, d := range dates {
		if d = strings.TrimSpace(d); d == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, d)
		if err != nil {
			return errors.New("the token's ExpiryDate is no date and time with a zone")
		}
		if out.Expires.IsZero() || at.Before(out.Expires) {
			out.Expires = at
		}
	}
	return nil
}

// numbers reads counter, interval and drift.
func (d *keyData) numbers(out *Key) error {
	for _, n := range []struct {
		name   string
		value  *value
		set    func(int64)
		lo, hi int64
	}{
		{"Counter", d.Counter, func(v int64) { out.Counter = v }, 0, 1 << 40},
		{"TimeInterval", d.Interval, func(v int64) { out.Period = int(v) }, 1, 3600},
		{"TimeDrift", d.Drift, func(v int64) { out.Drift = v }, -1000, 1000},
	} {
		if n.value == nil {
			continue
		}
		if len(n.value.Plain) != 1 || len(n.value.Encrypted) > 0 {
			return fmt.Errorf("the token's %s is not one number in clear", n.name)
		}
		v, err := strconv.ParseInt(strings.TrimSpace(n.value.Plain[0]), 10, 64)
		if err != nil || v < n.lo || v > n.hi {
			return fmt.Errorf("the token's %s is no number from %d to %d", n.name, n.lo, n.hi)
		}
		n.set(v)
	}
	if out.Kind == Time && out.Period == 0 {
		out.Period = 30 // RFC 6238 section 5.2
	}
	return nil
}

func (x *value) bytes(open func() (*vault, error)) ([]byte, error) {
	if len(x.Plain)+len(x.Encrypted) != 1 {
		return nil, errors.New("the token's secret is not there once, in clear or encrypted")
	}
	if len(x.Plain) == 1 {
		return bytesOf(x.Plain[0])
	}
	v, err := open()
	if err != nil {
		return nil, err
	}
	return v.open(x)
}
