package conformance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

var keyRules = []Rule{
	{ID: "keys.roundtrip", check: checkRoundtrip, Where: whereKeys,
		Says: "Unwrap gives back what Wrap was given, also in another process",
		Fix:  "correct conformance.yaml (keys), or the key service"},
	{ID: "keys.hidden", check: checkHidden, Where: whereKeys,
		Says: "what is wrapped does not show its content",
		Fix:  "encrypt"},
	{ID: "keys.bound", check: checkBound, Where: "keys.proto, WrapRequest.associated_data",
		Says: "Unwrap with other associated data fails",
		Fix:  "authenticate the associated data (AEAD): else a data key of one row opens another"},
	{ID: "keys.tampered", check: checkTampered, Where: whereKeys,
		Says: "Unwrap of what was changed fails, with a status of the contract",
		Fix:  "authenticate the ciphertext; answer FAILED_PRECONDITION for one that is not yours"},
	{ID: "keys.unknown", check: checkUnknownKey, Where: whereKeys,
		Says: "an unknown key is FAILED_PRECONDITION",
		Fix:  "answer FAILED_PRECONDITION; make no key because somebody asked for one"},
	{ID: "keys.sign", check: checkSign, Where: whereKeys,
		Says: "Sign signs a digest, or says that it does not",
		Fix:  "answer a signature, or FAILED_PRECONDITION or UNIMPLEMENTED"},
	{ID: "keys.secrets", check: checkKeySecrets, last: true, Where: whereKeys,
		Says: "no data key is in a log or a status",
		Fix:  "log the key's id, never its content"},
}

const dataKey = "data-key-canary-of-thirty-two-by"

// wrapped wraps the data key under test.
func (v *verdict) wrapped() (keyID string, ciphertext []byte) {
	v.needs(sdk.ServiceKeyService)
	if v.script.Keys == nil || v.script.Keys.Wrap == "" {
		v.absent("%v: keys.wrap", errNoScript)
	}
	v.keep("key: the data key", dataKey)
	ctx, cancel := v.within(keyLimit)
	defer cancel()
	out, err := v.primary().Wrap(ctx, instanceID, v.script.Keys.Wrap, []byte(dataKey), []byte("row 1"))
	v.made()
	if err != nil {
		v.fail("Wrap: %v", err)
		v.stop()
	}
	return v.script.Keys.Wrap, out
}

func (v *verdict) unwrap(p *process, keyID string, ciphertext, associated []byte) ([]byte, error) {
	ctx, cancel := v.within(keyLimit)
	defer cancel()
	out, err := p.Unwrap(ctx, instanceID, keyID, ciphertext, associated)
	if err != nil {
		v.fault("Unwrap", err)
	}
	return out, err
}

func checkRoundtrip(v *verdict) {
	id, sealed := v.wrapped()
	for what, p := range map[string]*process{"Unwrap": v.primary(), "Unwrap in another process": v.replica()} {
		out, err := v.unwrap(p, id, sealed, []byte("row 1"))
		switch {
		case err != nil:
			v.fail("%s: %v", what, err)
		case string(out) != dataKey:
			v.fail("%s gives %d other bytes", what, len(out))
		}
	}
}

func checkHidden(v *verdict) {
	_, sealed := v.wrapped()
	if bytes.Contains(sealed, []byte(dataKey)) || bytes.Contains(sealed, []byte(dataKey[:16])) {
		v.fail("the content is in it, in the clear")
	}
}

func checkBound(v *verdict) {
	id, sealed := v.wrapped()
	for _, other := range []string{"row 2", "", "row 1 "} {
		out, err := v.unwrap(v.primary(), id, sealed, []byte(other))
		v.sound("Unwrap with other associated data", err)
		if err == nil && string(out) == dataKey {
			v.fail("wrapped for \"row 1\", unwrapped for %q", other)
		}
	}
}

func checkTampered(v *verdict) {
	id, sealed := v.wrapped()
	try := func(what string, changed []byte) {
		_, err := v.unwrap(v.primary(), id, changed, []byte("row 1"))
		v.sound(what, err)
		if err == nil {
			v.fail("Unwrap succeeds with %s", what)
		}
	}
	for i := 0; i < len(sealed); i += 1 + len(sealed)/40 {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		try(fmt.Sprintf("byte %d of %d changed", i, len(sealed)), changed)
	}
	try("half of it", sealed[:len(sealed)/2])
	try("nothing", nil)
	try("a byte more", append(bytes.Clone(sealed), 0))
}

func checkUnknownKey(v *verdict) {
	_, sealed := v.wrapped()
	ctx, cancel := v.within(2 * keyLimit)
	defer cancel()
	for _, id := range []string{"zz-no-such-key", "", "../../etc/passwd"} {
		if _, err := v.primary().Wrap(ctx, instanceID, id, []byte(dataKey), nil); status.Code(err) != codes.FailedPrecondition {
			v.fail("Wrap under the key %q answers %s", id, status.Code(err))
		}
		if _, err := v.primary().Unwrap(ctx, instanceID, id, sealed, []byte("row 1")); status.Code(err) != codes.FailedPrecondition {
			v.fail("Unwrap under the key %q answers %s", id, status.Code(err))
		}
	}
}

func checkSign(v *verdict) {
	v.needs(sdk.ServiceKeyService)
	id := ""
	if v.script.Keys != nil {
		id = v.script.Keys.Sign
	}
	digest := sha256.Sum256([]byte("conformance"))
	ctx, cancel := context.WithTimeout(v.ctx, keyLimit)
	defer cancel()
	out, err := v.primary().Sign(ctx, instanceID, id, digest[:])
	v.made()
	switch {
	case v.unoffered(err):
	case err != nil && id != "":
		v.fail("%v", err)
	case err != nil:
		v.sound("Sign", err)
	case len(out) == 0:
		v.fail("the signature is empty")
	}
}

func checkKeySecrets(v *verdict) {
	id, sealed := v.wrapped()
	_, _ = v.unwrap(v.primary(), id, sealed, []byte("row 2"))
	for _, leak := range v.leaks("key: ") {
		v.fail("%s", leak)
	}
}
