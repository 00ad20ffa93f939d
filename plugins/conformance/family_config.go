package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

var configRules = []Rule{
	{ID: "config.accepted", check: checkAccepted, Where: whereConfig,
		Says: "the configuration under test is accepted, and Check answers",
		Fix:  "correct the configuration in conformance.yaml (or --config), or accept it"},
	{ID: "config.required", check: checkRequired, Where: whereConfig,
		Says: "a configuration without a required member is refused, and the problem points at it",
		Fix:  "return a Problem with the JSON Pointer of the missing member from ValidateConfig, and an error from Configure"},
	{ID: "config.unknown", check: checkUnknownMember, Where: whereConfig,
		Says: "a configuration with an unknown member is refused",
		Fix:  "decode the configuration strictly: a misspelt setting must not be lost in silence"},
	{ID: "config.types", check: checkTypes, Where: whereConfig,
		Says: "a configuration with a value of the wrong type is refused",
		Fix:  "return a Problem for it, never a default in its place"},
	{ID: "config.json", check: checkNotJSON, Where: whereConfig,
		Says: "what is not a JSON object is refused",
		Fix:  "return a Problem with the empty pointer"},
	{ID: "config.pointers", check: checkPointers, last: true, Where: whereConfig,
		Says: "a problem has a JSON Pointer into the configuration and says what to do",
		Fix:  "write pointers as in RFC 6901 (/argon2/memory_kib) and a sentence for the operator"},
	{ID: "config.kept", check: checkKept, Where: whereConfig,
		Says: "a refused configuration leaves the former one in force",
		Fix:  "check everything in Configure before you put anything of it in the place of the old"},
	{ID: "config.instances", check: checkInstances, Where: whereConfig,
		Says: "instances are apart: removing one leaves the other, removing twice is no error, and a removed one is not configured",
		Fix:  "keep configurations by instance id; answer FAILED_PRECONDITION for an id that is not configured"},
	{ID: "config.secrets", check: checkConfigSecrets, last: true, Where: whereConfig,
		Says: "secrets of the configuration are in no log, problem or status",
		Fix:  "never write a secret or an error that quotes it: not even a part of a connection string"},
}

// problem is what a plugin said of a configuration.
type problem struct {
	sdk.Problem
	about string // what was wrong with the configuration
}

// validate asks the plugin about a configuration. refused says whether it will not have it.
func (v *verdict) validate(about string, config []byte) (problems []sdk.Problem, refused bool) {
	ctx, cancel := context.WithTimeout(v.ctx, configureLimit)
	defer cancel()
	cfg := sdk.Configuration{InstanceID: "validated", Revision: "2", JSON: config, Keys: v.keys}
	problems, err := v.primary().ValidateConfig(ctx, cfg)
	if err != nil {
		if bug := v.fault("ValidateConfig", err); bug != "" && status.Code(err) != codes.InvalidArgument {
			v.fail("%s: %s", about, bug)
		}
		return nil, true
	}
	v.mu.Lock()
	for _, p := range problems {
		v.problems = append(v.problems, problem{p, about})
	}
	v.mu.Unlock()
	for _, p := range problems {
		v.say("a problem of "+about, p.Message)
	}
	return problems, len(problems) > 0
}

// configureRefuses says whether Configure refuses a configuration too: the host calls it with what ValidateConfig
// let pass, and a plugin must not depend on that.
func (v *verdict) configureRefuses(config []byte) bool {
	ctx, cancel := context.WithTimeout(v.ctx, configureLimit)
	defer cancel()
	err := v.primary().Configure(ctx, sdk.Configuration{InstanceID: "validated", Revision: "2", JSON: config, Keys: v.keys})
	if err == nil {
		_ = v.primary().Remove(ctx, "validated")
		return false
	}
	v.fault("Configure", err)
	return true
}

func checkAccepted(v *verdict) {
	v.described()
	if v.config == nil {
		v.fail("the configuration cannot be written: %v", func() error { _, err := v.buildConfig(v.backend.address()); return err }())
		return
	}
	if err := v.configure(v.ctx, v.main); err != nil {
		v.fail("%v", err)
		return
	}
	ctx, cancel := context.WithTimeout(v.ctx, checkLimit)
	defer cancel()
	health, err := v.main.Check(ctx, instanceID)
	switch {
	case err != nil:
		v.fail("Check: %v", err)
	case !health.OK && health.Message == "":
		v.fail("Check says that something is wrong, and not what")
	}
	v.say("Check", health.Message)
}

// schema ends a check of a plugin that takes no configuration.
func (v *verdict) schema() *property {
	v.ready()
	if len(v.description.ConfigSchema) == 0 {
		v.absent("the plugin takes no configuration")
	}
	return properties(v.description.ConfigSchema)
}

// required lists the pointers to every required member whose holder is in the configuration.
func (p *property) requiredIn(pointer string) []string {
	var all []string
	for _, name := range p.required {
		all = append(all, pointer+"/"+escape.Replace(name))
	}
	for name, member := range p.members {
		all = append(all, member.requiredIn(pointer+"/"+escape.Replace(name))...)
	}
	slices.Sort(all)
	return all
}

func checkRequired(v *verdict) {
	root := v.schema()
	for _, pointer := range root.requiredIn("") {
		config, ok := changed(v.config, pointer, func(holder map[string]any, name string) bool {
			_, there := holder[name]
			delete(holder, name)
			return there
		})
		if !ok {
			continue
		}
		v.made()
		problems, refused := v.validate("a configuration without "+pointer, config)
		if !refused {
			v.fail("ValidateConfig accepts a configuration without %s", pointer)
			continue
		}
		holder := pointer[:strings.LastIndexByte(pointer, '/')]
		if len(problems) > 0 && !slices.ContainsFunc(problems, func(p sdk.Problem) bool { return p.Pointer == pointer || p.Pointer == holder }) {
			v.fail("without %s the problem points at %q", pointer, problems[0].Pointer)
		}
		if !v.configureRefuses(config) {
			v.fail("Configure accepts a configuration without %s", pointer)
		}
	}
	v.why = "the schema requires nothing, or nothing of it is in the configuration"
}

func checkUnknownMember(v *verdict) {
	v.schema()
	v.made()
	const name = "zz_no_such_setting"
	config, ok := changed(v.config, "/"+name, func(holder map[string]any, name string) bool {
		holder[name] = true
		return true
	})
	if !ok {
		v.absent("the configuration is not an object")
	}
	if _, refused := v.validate("a configuration with an unknown member", config); !refused {
		v.fail("ValidateConfig accepts the member %q", name)
	}
	if !v.configureRefuses(config) {
		v.fail("Configure accepts the member %q", name)
	}
}

// wrongTypes are values of another type for each type of JSON.
var wrongTypes = map[string]any{
	"string": 7, "integer": "seven", "number": "seven", "boolean": "yes", "array": "not a list", "object": "not an object",
}

func checkTypes(v *verdict) {
	root := v.schema()
	root.walk("", func(pointer string, p *property) {
		wrong, ok := wrongTypes[p.kind]
		if !ok {
			return
		}
		config, ok := changed(v.config, pointer, func(holder map[string]any, name string) bool {
			holder[name] = wrong
			return true
		})
		if !ok {
			return
		}
		v.made()
		if _, refused := v.validate("a configuration with another type for "+pointer, config); !refused {
			v.fail("ValidateConfig accepts %v for %s, which is of type %s", wrong, pointer, p.kind)
		} else if !v.configureRefuses(config) {
			v.fail("Configure accepts %v for %s, which is of type %s", wrong, pointer, p.kind)
		}
	})
	v.why = "the schema names no types"
}

func checkNotJSON(v *verdict) {
	v.schema()
	v.made()
	for _, config := range []string{"{", "[]", "7", "{} {}", "\x00", "null garbage"} {
		if _, refused := v.validate("a configuration that is not a JSON object", []byte(config)); !refused {
			v.fail("ValidateConfig accepts %q", config)
		}
	}
}

// checkPointers judges every problem that the plugin found in what the other rules gave it.
func checkPointers(v *verdict) {
	v.schema()
	// Filled here as well, for a run of this rule alone.
	config, ok := changed(v.config, "/zz_no_such_setting", func(holder map[string]any, name string) bool {
		holder[name] = true
		return true
	})
	if ok {
		v.validate("a configuration with an unknown member", config)
	}
	root := properties(v.description.ConfigSchema)
	for _, p := range v.problems {
		v.made()
		switch {
		case !validPointer(p.Pointer):
			v.fail("%s: %q is not a JSON Pointer", p.about, p.Pointer)
		case !root.knows(p.Pointer):
			v.fail("%s: %q points at nothing the configuration can have", p.about, p.Pointer)
		}
		if len(strings.Fields(p.Message)) < 2 {
			v.fail("%s: the message is %q", p.about, p.Message)
		}
	}
	v.why = "the plugin found no problem in any configuration"
}

// knows says whether a pointer can lead somewhere in a configuration.
func (p *property) knows(pointer string) bool {
	if pointer == "" {
		return true
	}
	name, rest, more := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	name = unescape.Replace(name)
	member, ok := p.members[name]
	if !ok {
		return name == "zz_no_such_setting" || p.members == nil && p.kind != "string" && p.kind != "integer" && p.kind != "number" && p.kind != "boolean"
	}
	return !more || member.knows("/"+rest)
}

// broken returns a configuration that the plugin refuses, or ends the check.
func (v *verdict) brokenConfig() []byte {
	v.schema()
	for _, pointer := range append(properties(v.description.ConfigSchema).requiredIn(""), "/zz_no_such_setting") {
		config, ok := changed(v.config, pointer, func(holder map[string]any, name string) bool {
			if _, there := holder[name]; there {
				delete(holder, name)
			} else {
				holder[name] = true
			}
			return true
		})
		if _, refused := v.validate("a broken configuration", config); ok && refused {
			return config
		}
	}
	v.absent("no configuration was found that the plugin refuses")
	return nil
}

func checkKept(v *verdict) {
	config := v.brokenConfig()
	p := v.launch()
	defer p.kill()
	if bug := v.alive(p, instanceID); bug != "" {
		v.absent("the instance does not work before: %s", bug)
	}
	v.made()
	ctx, cancel := context.WithTimeout(v.ctx, configureLimit)
	defer cancel()
	if err := p.Configure(ctx, sdk.Configuration{InstanceID: instanceID, Revision: "2", JSON: config, Keys: v.keys}); err == nil {
		v.ran, v.why = false, "Configure accepts what ValidateConfig refuses: see config.required"
		return
	}
	if bug := v.alive(p, instanceID); bug != "" {
		v.fail("after a refused configuration: %s", bug)
	}
}

// alive says what keeps an instance from working, or nothing. Only the status FAILED_PRECONDITION, and an end of the
// process, mean that it is not configured.
func (v *verdict) alive(p *process, instance string) string {
	for name, call := range v.probes(p, instance) {
		ctx, cancel := context.WithTimeout(v.ctx, v.limit())
		err := call(ctx)
		cancel()
		if status.Code(err) == codes.FailedPrecondition || status.Code(err) == codes.Unavailable && p.died() {
			return fmt.Sprintf("%s: %v", name, err)
		}
	}
	return ""
}

// probes are calls that an instance in force answers with something else than FAILED_PRECONDITION.
func (v *verdict) probes(p *process, instance string) map[string]func(context.Context) error {
	all := map[string]func(context.Context) error{
		"Check": func(ctx context.Context) error { _, err := p.Check(ctx, instance); return err },
	}
	if slices.Contains(v.description.Services, sdk.ServiceAuthenticator) {
		m := &v.description.Methods[0]
		all["Begin"] = func(ctx context.Context) error {
			r := v.newFlow(m, v.newPerson("probe"), false, p).request(nil)
			r.Context.InstanceID = instance
			_, err := p.Begin(ctx, r)
			return err
		}
	}
	return all
}

func checkInstances(v *verdict) {
	v.schema()
	p := v.launch()
	defer p.kill()
	v.made()
	ctx, cancel := context.WithTimeout(v.ctx, 3*configureLimit)
	defer cancel()
	second := v.configuration()
	second.InstanceID = "second"
	if err := p.Configure(ctx, second); err != nil {
		v.fail("Configure of a second instance: %v", err)
		return
	}
	for range 2 {
		if err := p.Remove(ctx, "second"); err != nil {
			v.fail("Remove: %v", err)
		}
	}
	if bug := v.alive(p, instanceID); bug != "" {
		v.fail("after another instance was removed: %s", bug)
	}
	for name, call := range v.probes(p, "second") {
		if err := call(ctx); status.Code(err) != codes.FailedPrecondition {
			v.fail("%s of a removed instance answers %s, not FAILED_PRECONDITION", name, status.Code(err))
		}
	}
}

func checkConfigSecrets(v *verdict) {
	root := v.schema()
	var config any
	if json.Unmarshal(v.config, &config) != nil {
		v.absent("the configuration is not JSON")
	}
	root.walk("", func(pointer string, p *property) {
		if !p.secret {
			return
		}
		changed(v.config, pointer, func(holder map[string]any, name string) bool {
			if value, ok := holder[name].(string); ok {
				v.made()
				v.keep("config: the secret "+pointer, value)
			}
			return true
		})
		// The secret, and something else wrong: the moment in which a careless plugin quotes what it got.
		canary := "canary-" + strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(pointer)) + "-4f9c2a"
		for _, wrong := range []any{true, "x"} {
			if config, ok := changed(v.config, pointer, func(holder map[string]any, name string) bool {
				holder[name] = canary
				holder["zz_no_such_setting"] = wrong
				return true
			}); ok {
				v.made()
				v.keep("config: the secret "+pointer, canary)
				v.validate("a configuration with an unknown member", config)
				v.configureRefuses(config)
			}
		}
	})
	for _, leak := range v.leaks("config: ") {
		v.fail("%s", leak)
	}
	v.why = "the schema marks no secret"
}
