package main

import (
	"fmt"
	"io"

	"github.com/varco-id/varco/provider"
)

// keysCmd is `varco keys`.
type keysCmd struct {
	List           keysListCmd     `cmd:"" help:"List the keys that sign tokens, those of plugins, and those that seal secrets."`
	Rotate         keysRotateCmd   `cmd:"" help:"Make new keys to sign tokens with."`
	Revoke         keysRevokeCmd   `cmd:"" help:"Stop publishing a key now: what it signed counts no more."`
	RotateWrapping keysWrappingCmd `cmd:"" help:"Wrap every data key with the first key-encryption key of the configuration."`
	RotateSealing  keysSealingCmd  `cmd:"" help:"Give every class of secrets a new data key."`
}

type keysListCmd struct{}

func (keysListCmd) Help() string { return "Example:\n  varco keys list" }

// allKeys is what `varco keys list` answers.
type allKeys struct {
	Signing   []provider.KeyInfo         `json:"signing"`
	Instances []provider.InstanceKeyInfo `json:"instances"`
	Sealing   []provider.KeysetInfo      `json:"sealing"`
}

func (keysListCmd) Run(s *session) error {
	caller, done, err := s.installation()
	if err != nil {
		return err
	}
	defer done()
	var all allKeys
	if all.Signing, err = provider.KeysList.Do(s, caller, provider.None{}); err != nil {
		return err
	}
	if all.Instances, err = provider.KeysInstances.Do(s, caller, provider.None{}); err != nil {
		return err
	}
	if all.Sealing, err = provider.KeysSealing.Do(s, caller, provider.None{}); err != nil {
		return err
	}
	return s.show(all, func(w io.Writer) {
		signingTable(w, all.Signing)
		fmt.Fprintln(w)
		if len(all.Instances) > 0 {
			instanceTable(w, all.Instances)
			fmt.Fprintln(w)
		}
		sealingTable(w, all.Sealing)
	})
}

func signingTable(w io.Writer, list []provider.KeyInfo) {
	row(w, "SIGNS TOKENS", "ALGORITHM", "STATE", "MADE", "SIGNS FROM", "SIGNS UNTIL", "PUBLISHED UNTIL")
	for _, k := range list {
		row(w, k.ID, k.Alg, k.State, when(k.CreatedAt), when(k.ActiveAt), when(k.RetiredAt), when(k.ExpiresAt))
	}
}

func instanceTable(w io.Writer, list []provider.InstanceKeyInfo) {
	row(w, "INSTANCE", "KEY", "KIND", "KID", "STATE", "MADE", "KEPT UNTIL")
	for _, k := range list {
		row(w, k.Instance, k.Name, k.Kind, k.ID, k.State, when(k.CreatedAt), when(k.ExpiresAt))
	}
}

func sealingTable(w io.Writer, list []provider.KeysetInfo) {
	row(w, "SEALS", "WRAPPED BY", "VERSION")
	for _, k := range list {
		row(w, k.Class, k.KEK, fmt.Sprint(k.Version))
	}
}

func (s *session) showKeys(list []provider.KeyInfo) error {
	return s.show(list, func(w io.Writer) { signingTable(w, list) })
}

type keysRotateCmd struct {
	Alg    []string `placeholder:"ALG" help:"ES256 or RS256; default both."`
	AtOnce bool     `help:"Sign with the new keys within seconds: for a key that may have leaked."`

	Instance string `placeholder:"NAME" help:"Rotate the keys of this instance of a plugin instead."`
	Key      string `placeholder:"NAME" help:"With --instance: this one of its keys; default all."`
}

func (keysRotateCmd) Help() string {
	return `Keys rotate by themselves on schedule; this is for doing it now. The new keys are published at once and sign after
signing_keys.publish_ahead. The old ones stay published until what they signed has expired.

The keys of an instance of a plugin rotate by this command alone: the plugin signs with the new ones at once, and accepts
the ones before for 90 days.

Example:
  varco keys rotate`
}

func (c *keysRotateCmd) Run(s *session) error {
	if c.Instance != "" {
		list, err := do(s, provider.KeysRotateInstance, provider.InstanceKeyRotation{Instance: c.Instance, Name: c.Key})
		if err != nil {
			return err
		}
		return s.show(list, func(w io.Writer) { instanceTable(w, list) })
	}
	list, err := do(s, provider.KeysRotate, provider.KeyRotation{Algs: c.Alg, AtOnce: c.AtOnce})
	if err != nil {
		return err
	}
	return s.showKeys(list)
}

type keysRevokeCmd struct {
	ID string `arg:"" help:"The key's id (kid)."`
}

func (keysRevokeCmd) Help() string {
	return "Rotate first, with --at-once.\n\nExample:\n  varco keys revoke 4vJ9Q2"
}

func (c *keysRevokeCmd) Run(s *session) error {
	list, err := do(s, provider.KeysRevoke, provider.ByID{ID: c.ID})
	if err != nil {
		return err
	}
	return s.showKeys(list)
}

type keysWrappingCmd struct{}

func (keysWrappingCmd) Help() string {
	return `To change the key-encryption key without downtime: put the new key first in sealing.kek, restart every replica, run
this, then take the old key away.

Example:
  varco keys rotate-wrapping`
}

func (keysWrappingCmd) Run(s *session) error {
	return s.changeKeysets(provider.KeysRotateWrapping, "newly wrapped")
}

type keysSealingCmd struct{}

func (keysSealingCmd) Help() string {
	return "Every class of secrets gets a new data key; the ones before still open what they sealed.\n\nExample:\n  varco keys rotate-sealing"
}

func (keysSealingCmd) Run(s *session) error {
	return s.changeKeysets(provider.KeysRotateSealing, "with a new key")
}

func (s *session) changeKeysets(o provider.Operation[provider.None, provider.KeysetChange], what string) error {
	done, err := do(s, o, provider.None{})
	if err != nil {
		return err
	}
	return s.show(done, func(w io.Writer) {
		sealingTable(w, done.Keysets)
		fmt.Fprintf(w, "%s %s.\n", plural(done.Changed, "keyset"), what)
	})
}
