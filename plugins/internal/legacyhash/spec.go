package legacyhash

import (
	"slices"
	"strings"
)

// Secret is a pepper or a key. It prints and marshals as a placeholder, so that no log has it.
type Secret string

const redacted = "[secret]"

func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Spec describes, in the configuration, the hashes of one old system: what its rows do not say themselves. The zero Spec takes the formats
// that tell by their shape what they are, of passwords in UTF-8.
type Spec struct {
	// Format is one of:
	//
	//	auto             by its shape; the default
	//	digest           a digest of password and salt
	//	hmac             an HMAC of them
	//	pbkdf2           PBKDF2 with HMAC
	//	firebase-scrypt  with the parameters in Firebase
	//	crypt            what crypt(3) makes, also the traditional one, which looks like a password of 13 characters
	//	django, werkzeug as auto, and their formats sha1$SALT$HASH and md5$SALT$HASH, which have one shape and two meanings
	Format string `json:"format,omitempty"`

	Digest   string `json:"digest,omitempty"`   // of digest, hmac and pbkdf2: md5, sha1, sha224, sha256, sha384 or sha512
	Encoding string `json:"encoding,omitempty"` // of the row: hex (the default), base64, base64url or ab64
	Layout   string `json:"layout,omitempty"`   // where a row has the salt; see below
	// Separator stands between hash and salt in the layouts hash-salt and salt-hash.
	Separator string `json:"separator,omitempty"`

	Salt SaltSpec `json:"salt,omitzero"`

	// Rounds is how often a digest is applied (default 1), or the iterations of PBKDF2.
	Rounds int64 `json:"rounds,omitempty"`
	// Again is what the second and further rounds hash: digest (the default) or digest-salted, as Symfony does.
	Again string `json:"again,omitempty"`
	// Key is what keys the HMAC: salt, password or secret. The message is the rest.
	Key    string `json:"key,omitempty"`
	Secret Secret `json:"secret,omitempty"`

	Firebase Firebase `json:"firebase,omitzero"`

	// Prepare is what was done to the password before it was hashed, in order.
	Prepare []Step `json:"prepare,omitempty"`
}

// The layouts of a row.
const (
	layoutSeparate   = "separate"     // the salt, if any, comes by itself: Input.Salt. The default
	layoutHashSalt   = "hash-salt"    // HASH, separator, SALT
	layoutSaltHash   = "salt-hash"    // SALT, separator, HASH
	layoutPackedTail = "packed-after" // one encoding of the bytes of the hash, then those of the salt
	layoutPackedHead = "packed-before"
)

// SaltSpec says how the salt is written and where it stands.
type SaltSpec struct {
	Position string `json:"position,omitempty"` // none, before, after or both sides of the password; hmac and pbkdf2 have it by themselves
	Encoding string `json:"encoding,omitempty"` // text (the default), hex, base64, base64url or ab64
	Opening  string `json:"opening,omitempty"`  // a constant between which and Ending the salt is hashed, as "{" and "}" in Spring Security and Symfony
	Ending   string `json:"ending,omitempty"`
}

// Input is one row of an import.
type Input struct {
	Encoded string
	Salt    string // when the layout is separate
	User    string // the account's name in the old system; PostgreSQL's MD5 needs it
}

// Scheme is a compiled [Spec]. It is immutable and safe for concurrent use.
type Scheme struct {
	spec    Spec
	bounds  Bounds
	prepare pipeline
}

// NewScheme checks a Spec and its bounds.
//
// Errors: [*FormatError] for a field of the Spec, [*BoundsError].
func NewScheme(spec Spec, bounds Bounds) (*Scheme, error) {
	bounds, err := bounds.complete()
	if err != nil {
		return nil, err
	}
	s := &Scheme{spec: spec, bounds: bounds}
	if s.prepare, err = newPipeline(spec.Prepare); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

// defaultScheme cannot fail: its bounds are the defaults.
func defaultScheme() *Scheme {
	return &Scheme{spec: Spec{Format: "auto"}, bounds: DefaultBounds()}
}

// Parse reads a hash that tells by its shape what it is, within the default bounds.
//
// Errors: [*FormatError], [*BoundsError]; none repeats the hash.
func Parse(encoded string) (Hash, error) {
	return defaultScheme().Parse(Input{Encoded: encoded})
}

func oneOf(name, value string, allowed ...string) error {
	if !slices.Contains(allowed, value) {
		return malformed("", "%s must be one of %s", name, strings.Join(allowed, ", "))
	}
	return nil
}

func orElse(value *string, standard string) {
	if *value == "" {
		*value = standard
	}
}

// check fills in defaults and refuses what contradicts itself: a mistake here lets nobody in, or everybody.
func (s *Scheme) check() error {
	c := &s.spec
	orElse(&c.Format, "auto")
	orElse(&c.Encoding, string(encHex))
	orElse(&c.Layout, layoutSeparate)
	orElse(&c.Salt.Encoding, string(encText))
	orElse(&c.Salt.Position, string(saltNone))
	orElse(&c.Again, string(againDigest))
	if err := firstError(
		oneOf("format", c.Format, "auto", "digest", "hmac", "pbkdf2", "firebase-scrypt", "crypt", "django", "werkzeug"),
		oneOf("encoding", c.Encoding, string(encHex), string(encBase64), string(encBase64URL), string(encAdapted)),
		oneOf("layout", c.Layout, layoutSeparate, layoutHashSalt, layoutSaltHash, layoutPackedTail, layoutPackedHead),
		oneOf("salt encoding", c.Salt.Encoding, string(encText), string(encHex), string(encBase64), string(encBase64URL), string(encAdapted)),
		oneOf("salt position", c.Salt.Position, string(saltNone), string(saltBefore), string(saltAfter), string(saltBoth)),
		oneOf("again", c.Again, string(againDigest), string(againDigestSalted)),
	); err != nil {
		return err
	}
	if (c.Layout == layoutHashSalt || c.Layout == layoutSaltHash) != (c.Separator != "") {
		return malformed("", "the layouts hash-salt and salt-hash need a separator, and no other has one")
	}
	if len(c.Salt.Opening)+len(c.Salt.Ending) > 64 {
		return malformed("", "the constants around the salt have more than 64 bytes")
	}
	if c.Format != "digest" && c.Format != "hmac" && c.Format != "pbkdf2" {
		if c.Digest != "" || c.Rounds != 0 || c.Key != "" || c.Secret != "" || c.Salt.Position != string(saltNone) {
			return malformed("", "the format %s has no digest, rounds, key, secret or salt position of its own", c.Format)
		}
		if c.Format == "firebase-scrypt" { // a row that cannot be tells whether the parameters are right
			return s.checkFirebase()
		}
		return nil
	}
	return s.checkDigest()
}

func (s *Scheme) checkDigest() error {
	c := &s.spec
	if _, ok := digestOf(c.Digest); !ok {
		return malformed("", "digest must be one of md5, sha1, sha224, sha256, sha384, sha512")
	}
	most, name := s.bounds.Rounds, "rounds of the digest"
	if c.Format == "pbkdf2" {
		most, name = s.bounds.Iterations, "PBKDF2 iterations"
	} else if c.Rounds == 0 {
		c.Rounds = 1
	}
	if err := within(name, c.Rounds, 1, most); err != nil {
		return err
	}
	switch {
	case c.Format != "hmac":
		if c.Key != "" || c.Secret != "" {
			return malformed("", "only the format hmac has a key: add a pepper as a step of prepare")
		}
	case c.Rounds != 1:
		return malformed("", "the format hmac has one round")
	default:
		if err := oneOf("key", c.Key, string(keySalt), string(keyPassword), string(keySecret)); err != nil {
			return err
		}
		if (c.Key == string(keySecret)) != (c.Secret != "") {
			return malformed("", "the key secret needs one, and no other has one")
		}
	}
	fixed := c.Format == "pbkdf2" || c.Key == string(keySalt) || c.Key == string(keyPassword)
	if fixed && (c.Salt.Position != string(saltNone) || c.Salt.Opening+c.Salt.Ending != "") {
		return malformed("", "where the salt stands is given by the format")
	}
	return nil
}

func (s *Scheme) checkFirebase() error {
	_, err := parser{bounds: s.bounds}.firebase(s.spec.Firebase, strings.Repeat("A", 86), "AAAA")
	return err
}

// Parse reads one row.
//
// Errors: [*FormatError], [*BoundsError]; none repeats the hash.
func (s *Scheme) Parse(in Input) (Hash, error) {
	if err := firstError(
		within("length of the hash in bytes", int64(len(in.Encoded)), 1, maxEncoded),
		within("length of the salt in bytes", int64(len(in.Salt)), 0, maxEncoded),
		within("length of the user's name in bytes", int64(len(in.User)), 0, maxUser),
	); err != nil {
		return Hash{}, err
	}
	h, err := s.parse(parser{s.bounds, in.User}, in)
	if err != nil {
		return Hash{}, err
	}
	h.prepare = s.prepare
	return h, nil
}

func (s *Scheme) parse(p parser, in Input) (Hash, error) {
	switch s.spec.Format {
	case "firebase-scrypt":
		return p.firebase(s.spec.Firebase, in.Encoded, in.Salt)
	case "digest", "hmac", "pbkdf2":
		return s.expression(p, in)
	}
	if in.Salt != "" {
		return Hash{}, malformed("", "a format that tells by its shape what it is has its salt in it")
	}
	switch s.spec.Format {
	case "crypt":
		return p.crypt(in.Encoded)
	case "django":
		return p.django(in.Encoded)
	case "werkzeug":
		return p.werkzeug(in.Encoded)
	}
	return p.shaped(in.Encoded)
}
