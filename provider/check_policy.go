package provider

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/varco-id/varco/provider/internal/policy"
)

var instanceName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

func (k *checker) plugins() {
	for _, id := range slices.Sorted(maps.Keys(k.c.Plugins)) {
		p, key := k.c.Plugins[id], join("plugins", id)
		if slices.Contains(policy.HostMethods, id) {
			k.wrong(key, "this name belongs to a step of the provider's own", "call the instance otherwise")
		}
		if !instanceName.MatchString(id) {
			k.wrong(key, "a name of an instance is lower-case letters, digits and hyphens, at most 32", "")
		}
		switch {
		case len(p.Command) > 0 && p.Plugin != "":
			k.wrong(key+".command", "plugin and command are both given", "keep plugin for a bundled one, command for any other program")
		case len(p.Command) == 0 && (p.Manifest != "" || p.SHA256 != ""):
			k.wrong(key, "a bundled plugin is this program itself: there is nothing to pin", "remove manifest and sha256, or give a command")
		case len(p.Command) > 0 && p.SHA256 == "" && !k.c.Development:
			k.wrong(key+".sha256", "the program's digest is missing: whoever can write the file could read every password", "`varco plugin pin "+p.Command[0]+"` prints it")
		case len(p.Command) > 0 && p.SHA256 != "" && !digest.MatchString(p.SHA256):
			k.wrong(key+".sha256", "this is not a SHA-256 digest in hexadecimal", "copy what `varco plugin pin` prints")
		case len(p.Command) == 0 && !IsBundled(p.Name(id)):
			k.wrong(key, strconv.Quote(p.Name(id))+" is not a bundled plugin", bundledHint(p.Name(id)))
		case len(p.Command) > 0 && !filepath.IsAbs(p.Command[0]):
			k.wrong(key+".command", "the program's path must be absolute", "write it like /usr/lib/varco/"+id)
		}
		for name, secret := range p.Secrets {
			if count(secret.File, secret.Env) != 1 {
				k.wrong(key+".secrets."+name, "exactly one of file and env must be given", "")
			}
		}
		if p.Limits.MemoryMiB != 0 && p.Limits.MemoryMiB < 128 {
			k.wrong(key+".limits.memory_mib", "no plugin starts with so little", "give it at least 128")
		}
		if p.Limits.Files != 0 && p.Limits.Files < 32 {
			k.wrong(key+".limits.files", "no plugin starts with so few", "give it at least 32")
		}
		if bundled, ok := BundledPlugin(p.Name(id)); ok { // what others say is known when they run
			if d, err := bundled.Describe(context.Background()); err == nil {
				k.texts(id, d)
			}
		}
	}
}

var digest = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

// Name returns which bundled plugin the instance is; empty for one that is not bundled.
func (p Plugin) Name(instance string) string {
	switch {
	case len(p.Command) > 0:
		return ""
	case p.Plugin == "":
		return instance
	}
	return p.Plugin
}

func bundledHint(name string) string {
	if near := nearest(name, BundledNames()); near != "" {
		return "did you mean " + near + "?"
	}
	return "bundled are " + strings.Join(BundledNames(), ", ") + "; any other program is given by command"
}

func (k *checker) policy() {
	p := k.c.Policy
	if len(p.Levels) == 0 {
		k.wrong("policy.levels", "there is no level", "declare at least one acr with the methods that reach it")
	}
	acrs := map[string]bool{}
	for i, l := range p.Levels {
		key := fmt.Sprintf("policy.levels[%d]", i)
		switch {
		case l.ACR == "" || strings.ContainsAny(l.ACR, " \t\n"):
			k.wrong(key+".acr", "an acr value is a text without spaces", "write it like "+ACRStrong)
		case acrs[l.ACR]:
			k.wrong(key+".acr", "this acr value is there twice", "")
		}
		acrs[l.ACR] = true
		if len(l.AnyOf) == 0 {
			k.wrong(key+".any_of", "no combination of methods reaches this level", "write it like [[password, totp]]")
		}
		if l.Factors < 0 || l.Factors > 3 {
			k.wrong(key+".factors", "there are three factors", "")
		}
		for j, combination := range l.AnyOf {
			if len(combination) == 0 {
				k.wrong(fmt.Sprintf("%s.any_of[%d]", key, j), "an empty combination would let everybody in", "name at least one method")
			}
			for m, method := range combination {
				k.method(fmt.Sprintf("%s.any_of[%d][%d]", key, j, m), method)
			}
		}
	}
	if p.Default != "" && !acrs[p.Default] {
		k.acr("policy.default", p.Default)
	}
	for i, method := range p.BindAtLogin {
		k.method(fmt.Sprintf("policy.bind_at_login[%d]", i), method)
	}
}

// method checks that a method's plugin is configured. Whether the plugin has the method is known when it runs.
func (k *checker) method(key, ref string) {
	instance, _, _ := strings.Cut(ref, "/")
	if _, ok := k.c.Plugins[instance]; ok {
		return
	}
	hint := "the plugins here are " + strings.Join(slices.Sorted(maps.Keys(k.c.Plugins)), ", ")
	if near := nearest(instance, slices.Collect(maps.Keys(k.c.Plugins))); near != "" {
		hint = "did you mean " + near + "?"
	}
	k.wrong(key, "there is no plugin "+strconv.Quote(instance), hint)
}

func (k *checker) acr(key, acr string) {
	var known []string
	for _, l := range k.c.Policy.Levels {
		known = append(known, l.ACR)
	}
	if slices.Contains(known, acr) {
		return
	}
	hint := "the policy has " + strings.Join(known, ", ")
	if near := nearest(acr, known); near != "" {
		hint = "did you mean " + near + "?"
	}
	k.wrong(key, "the policy has no acr "+strconv.Quote(acr), hint)
}
