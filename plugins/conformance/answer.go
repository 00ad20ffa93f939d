package conformance

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"math"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// Question is what a program that makes answers gets: all that a person, their phone and their post box know.
type Question struct {
	Step    string            `json:"step"` // enrol, right, wrong or callback
	Method  string            `json:"method"`
	Now     time.Time         `json:"now"`
	RPID    string            `json:"rp_id"`
	Origin  string            `json:"origin"`
	Subject string            `json:"subject"`
	View    *sdk.View         `json:"view,omitempty"`
	Effect  map[string]string `json:"effect,omitempty"` // parameters of the last message sent
	// Memory is what the program answered last for this person.
	Memory json.RawMessage `json:"memory,omitempty"`
}

// Answer is what such a program answers.
type Answer struct {
	Inputs map[string]string `json:"inputs,omitempty"`
	Memory json.RawMessage   `json:"memory,omitempty"`
	Body   string            `json:"body,omitempty"` // of a callback
	Header map[string]string `json:"header,omitempty"`
}

// Answerer makes answers in the place of the programs a script names.
type Answerer func(ctx context.Context, command []string, q Question) (*Answer, error)

// runAnswerer runs the program. A relative path is one in the script's folder.
func runAnswerer(dir string) Answerer {
	return func(ctx context.Context, command []string, q Question) (*Answer, error) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		in, err := json.Marshal(q)
		if err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader(in)
		out, err := cmd.Output()
		if err != nil {
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
			}
			return nil, fmt.Errorf("%s: %w", command[0], err)
		}
		a := new(Answer)
		if err := json.Unmarshal(out, a); err != nil {
			return nil, fmt.Errorf("%s printed no answer: %w", command[0], err)
		}
		return a, nil
	}
}

var placeholder = pattern(`\{\{\s*([a-z_]+)(?:\.([A-Za-z0-9_.-]+))?\s*\}\}`)

// expand replaces the placeholders of a text by what value says.
func expand(text string, value func(name, part string) (string, error)) (string, error) {
	var failed error
	out := placeholder().ReplaceAllStringFunc(text, func(m string) string {
		parts := placeholder().FindStringSubmatch(m)
		s, err := value(parts[1], parts[2])
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w", m, err)
		}
		return s
	})
	return out, failed
}

// uses says whether a text has a placeholder of that name.
func uses(text, name string) bool {
	for _, m := range placeholder().FindAllStringSubmatch(text, -1) {
		if m[1] == name {
			return true
		}
	}
	return false
}

// totp computes the code of an otpauth:// address at a time (RFC 6238), as an authenticator app does.
func totp(address string, now time.Time) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "otpauth" {
		return "", errors.New("no QR code held an otpauth:// address")
	}
	q := u.Query()
	number := func(name string, usual int) int {
		if n, err := strconv.Atoi(q.Get(name)); err == nil && n > 0 {
			return n
		}
		return usual
	}
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(strings.ToUpper(q.Get("secret")), "="))
	if err != nil {
		return "", errors.New("the secret of the otpauth:// address is not base32")
	}
	var sum func() hash.Hash
	switch strings.ToUpper(q.Get("algorithm")) {
	case "", "SHA1":
		sum = sha1.New
	case "SHA256":
		sum = sha256.New
	case "SHA512":
		sum = sha512.New
	default:
		return "", fmt.Errorf("algorithm %q is not known", q.Get("algorithm"))
	}
	mac := hmac.New(sum, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(now.Unix()/int64(number("period", 30)))))
	full := mac.Sum(nil)
	at := full[len(full)-1] & 0xf
	code := binary.BigEndian.Uint32(full[at:]) & math.MaxInt32
	digits := min(number("digits", 6), 9)
	return fmt.Sprintf("%0*d", digits, code%uint32(math.Pow10(digits))), nil
}
