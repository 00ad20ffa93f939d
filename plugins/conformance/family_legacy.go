package conformance

import (
	"context"

	"github.com/varco-id/varco/plugins/sdk"
)

var legacyRules = []Rule{
	{ID: "legacy.known", check: checkLegacyKnown, Where: whereLegacy,
		Says: "the account of conformance.yaml is found, and its secret matches",
		Fix:  "correct conformance.yaml (legacy), or the source"},
	{ID: "legacy.unknown", check: checkLegacyUnknown, Where: whereLegacy,
		Says: "an unknown name is not found, and no secret matches it",
		Fix:  "answer LEGACY_RESULT_NO_MATCH"},
	{ID: "legacy.wrong", check: checkLegacyWrong, Where: whereLegacy,
		Says: "no wrong secret matches: none, a longer one, one in other letters",
		Fix:  "refuse an empty secret before you ask the store: an LDAP bind without a password succeeds for everybody (RFC 4513 section 5.1.2)"},
	{ID: "legacy.injection", check: checkLegacyInjection, Where: whereLegacy,
		Says: "names and secrets that are queries in disguise match nothing",
		Fix:  "escape what goes into a filter or a statement, or use parameters"},
	{ID: "legacy.migrated", check: checkMigrated, Where: "legacy.proto, MarkMigrated and Restore",
		Says: "MarkMigrated and Restore can be repeated",
		Fix:  "treat what is done already as done"},
	{ID: "legacy.secrets", check: checkLegacySecrets, last: true, Where: whereLegacy,
		Says: "no secret of a person is in a log or a status",
		Fix:  "log that it was wrong, never what it was"},
}

func (s *LegacyScript) unknown() string {
	if s.Unknown != "" {
		return s.Unknown
	}
	return "zz-nobody-has-this-name"
}

func (k *kit) legacy(name, secret string) sdk.LegacyRequest {
	k.keep("legacy: the secret of a person", secret)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.flows++
	return sdk.LegacyRequest{InstanceID: instanceID, Name: name, Secret: secret, IdempotencyKey: "legacy-" + name}
}

func (k *kit) verify(ctx context.Context, p *process, name, secret string) (*sdk.LegacyResponse, error) {
	return k.ask(ctx, p.Verify, k.legacy(name, secret))
}

func (k *kit) ask(ctx context.Context, call func(context.Context, sdk.LegacyRequest) (*sdk.LegacyResponse, error), r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, legacyLimit)
	defer cancel()
	answer, err := call(ctx, r)
	if err != nil {
		k.fault("the legacy source", err)
	}
	return answer, err
}

// store ends the check of a plugin that is no legacy source, or of which no account is known.
func (v *verdict) store() *LegacyScript {
	v.needs(sdk.ServiceLegacySource)
	if v.script.Legacy == nil || v.script.Legacy.Name == "" {
		v.absent("%v: legacy.name", errNoScript)
	}
	v.made()
	return v.script.Legacy
}

func checkLegacyKnown(v *verdict) {
	l := v.store()
	if r, err := v.ask(v.ctx, v.primary().Lookup, v.legacy(l.Name, "")); err != nil || r.Result != sdk.LegacyMatch {
		v.fail("Lookup: %s", legacySaid(r, err))
	}
	r, err := v.verify(v.ctx, v.primary(), l.Name, l.Secret)
	if err != nil || r.Result != sdk.LegacyMatch && r.Result != sdk.LegacyChallenge && r.Result != sdk.LegacyMustChange {
		v.fail("Verify: %s", legacySaid(r, err))
	}
}

func legacySaid(r *sdk.LegacyResponse, err error) string {
	if err != nil {
		return err.Error()
	}
	return string(r.Result)
}

// lets fails the rule if a name and secret get in. A challenge is half of it.
func (v *verdict) lets(what, name, secret string) {
	r, err := v.verify(v.ctx, v.primary(), name, secret)
	v.sound(what, err)
	if err == nil && (r.Result == sdk.LegacyMatch || r.Result == sdk.LegacyChallenge || r.Result == sdk.LegacyMustChange) {
		v.fail("%s: Verify says %s", what, r.Result)
	}
}

func checkLegacyUnknown(v *verdict) {
	l := v.store()
	r, err := v.ask(v.ctx, v.primary().Lookup, v.legacy(l.unknown(), ""))
	if err != nil || r.Result != sdk.LegacyNoMatch {
		v.fail("Lookup of an unknown name: %s", legacySaid(r, err))
	}
	v.lets("an unknown name", l.unknown(), l.Secret)
	v.lets("no name", "", l.Secret)
}

func checkLegacyWrong(v *verdict) {
	l := v.store()
	for what, secret := range map[string]string{
		"no secret": "", "a zero byte": "\x00", "a longer secret": l.Secret + "x", "the secret and a zero byte": l.Secret + "\x00",
		"a shorter secret": l.Secret[:max(0, len(l.Secret)-1)], "another secret": "certainly-not-the-secret", "a star": "*",
	} {
		v.lets(what, l.Name, secret)
	}
}

func checkLegacyInjection(v *verdict) {
	l := v.store()
	for _, query := range []string{"*", "*)(uid=*", "*)(|(uid=*))", l.Name + ")(&)", l.Name + "*", `' OR '1'='1`, `' OR 1=1 -- `, l.Name + "' -- ",
		`admin'/*`, "\x00", l.Name + "\x00", "../" + l.Name, "${jndi:ldap://x}"} {
		v.lets("the name "+query, query, "x")
		v.lets("the name "+query, query, l.Secret)
		if query != l.Secret {
			v.lets("the secret "+query, l.Name, query)
		}
	}
}

func checkMigrated(v *verdict) {
	l := v.store()
	for _, call := range []struct {
		name string
		run  func(context.Context, sdk.LegacyRequest) (*sdk.LegacyResponse, error)
	}{{"MarkMigrated", v.primary().MarkMigrated}, {"Restore", v.primary().Restore}} {
		for range 2 {
			if _, err := v.ask(v.ctx, call.run, v.legacy(l.Name, "")); v.unoffered(err) {
				v.ran, v.why = false, "the plugin marks nothing"
				return
			} else if err != nil {
				v.fail("%s: %v", call.name, err)
			}
		}
	}
}

func checkLegacySecrets(v *verdict) {
	l := v.store()
	_, _ = v.verify(v.ctx, v.primary(), l.Name, l.Secret)
	_, _ = v.verify(v.ctx, v.primary(), l.unknown(), "canary-legacy-77aa31")
	for _, leak := range v.leaks("legacy: ") {
		v.fail("%s", leak)
	}
}
