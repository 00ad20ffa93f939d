package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

var describeRules = []Rule{
	{ID: "describe.answers", check: checkDescribes, Where: whereDescribe,
		Says: "Describe answers within 2 s, before any configuration",
		Fix:  "answer Describe from constants; read nothing, ask nobody"},
	{ID: "describe.valid", check: checkDescription, Where: whereDescribe,
		Says: "the description keeps the names and limits of the contract",
		Fix:  "correct the member that is named"},
	{ID: "describe.stable", check: checkStable, Where: whereDescribe,
		Says: "Describe says the same at every call, in every process, before and after Configure",
		Fix:  "put nothing into the description that depends on time, chance, configuration or the order of a map"},
	{ID: "describe.offline", check: checkOffline, Where: whereDescribe,
		Says: "Describe says the same without a network",
		Fix:  "connect to back ends in Configure or later, never at start or in Describe"},
	{ID: "describe.services", check: checkServices, Where: whereDescribe,
		Says: "each service that is described is there",
		Fix:  "register the service on the gRPC server, or take it out of Description.services"},
	{ID: "describe.english", check: checkEnglish, Where: whereDescribe,
		Says: "there is an English text for every key used",
		Fix:  "add the key to the catalogue of the locale en"},
	{ID: "describe.locales", check: checkLocales, Where: whereDescribe,
		Says: "every language is complete",
		Fix:  "translate the missing texts, or leave the language out"},
	{ID: "describe.markup", check: checkMarkup, Where: whereDescribe,
		Says: "texts are plain: no markup, no control characters",
		Fix:  "write the text without < and >; the host renders texts as they are and never as HTML"},
	{ID: "describe.parameters", check: checkParameters, Where: whereDescribe,
		Says: "a text has the same {parameters} in every language",
		Fix:  "use exactly the parameters of the English text"},
	{ID: "describe.schema", check: checkSchema, Where: whereDescribe,
		Says: "config_schema is a JSON Schema (2020-12) of an object that allows no unknown members",
		Fix:  "set \"type\": \"object\" and \"additionalProperties\": false, and check the schema with a validator"},
	{ID: "describe.secrets", check: checkSecretsMarked, Where: whereDescribe,
		Says: "what is a secret in the configuration is marked as one",
		Fix:  "add \"writeOnly\": true to the property, so that the host demands it from a secret's file and never shows it"},
}

// described ends a check that needs the description.
func (v *verdict) described() *sdk.Description {
	if v.description == nil {
		v.absent("the plugin did not describe itself")
	}
	v.made()
	return v.description
}

func checkDescribes(v *verdict) {
	p := v.launched()
	if v.description == nil {
		v.fail("%v", v.failure)
		return
	}
	ctx, cancel := context.WithTimeout(v.ctx, describeLimit)
	defer cancel()
	if _, err := p.Describe(ctx); err != nil {
		v.fail("%v", err)
	}
}

func checkDescription(v *verdict) {
	d := v.described()
	var broken *sdk.Violation
	if errors.As(d.Validate(), &broken) && broken.Rule != sdk.RuleText && broken.Rule != sdk.RuleView {
		v.fail("%s", broken.Detail)
	}
	if slices.Contains(d.Services, sdk.ServiceDeliveryChannel) && len(d.ChannelKinds) == 0 {
		v.fail("a delivery channel without channel_kinds")
	}
	if len(d.Routes) > 0 && !slices.Contains(d.Services, sdk.ServiceCallbacks) {
		v.fail("routes without the callbacks service")
	}
	if !semver().MatchString(d.Version) {
		v.fail("version %q is not a semantic version", d.Version)
	}
}

var semver = pattern(`^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)

func checkStable(v *verdict) {
	d := v.described()
	same := func(what string, p *process) {
		ctx, cancel := context.WithTimeout(v.ctx, describeLimit)
		defer cancel()
		again, err := p.Describe(ctx)
		if err != nil {
			v.ran = v.failed()
			v.ended(err) // told by describe.answers
		}
		if at := difference(d, again); at != "" {
			v.fail("%s, %s is another", what, at)
		}
	}
	for range 3 {
		same("at another call, after Configure", v.main)
	}
	other, err := v.start(v.ctx, how{})
	if err != nil {
		v.fail("in another process: %v", err)
		return
	}
	defer other.kill()
	same("in another process", other)
}

// difference names the first member in which two descriptions differ.
func difference(a, b *sdk.Description) string {
	x, y := reflect.ValueOf(*a), reflect.ValueOf(*b)
	for i := range x.NumField() {
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			return x.Type().Field(i).Name
		}
	}
	return ""
}

func checkOffline(v *verdict) {
	d := v.described()
	if !canIsolate {
		v.ran, v.why = false, "this system has no network namespaces"
		return
	}
	if v.main.handshake.network != "unix" {
		v.ran, v.why = false, "the plugin listens on TCP, which an empty network namespace has not"
		return
	}
	p, err := v.start(v.ctx, how{noNetwork: true})
	if p == nil {
		v.ran, v.why = false, fmt.Sprintf("no empty network namespace could be made: %v", err)
		return
	}
	defer p.kill()
	if err != nil {
		v.fail("without a network the plugin does not start: %v", err)
		return
	}
	ctx, cancel := context.WithTimeout(v.ctx, describeLimit)
	defer cancel()
	again, failure := p.Describe(ctx)
	at := ""
	if failure == nil {
		if at = difference(d, again); at == "" {
			return
		}
	}
	// That tells of the network only if a process with one gives the first answer.
	if other, err := v.start(v.ctx, how{}); err == nil {
		defer other.kill()
		ctx, cancel := context.WithTimeout(v.ctx, describeLimit)
		defer cancel()
		if third, err := other.Describe(ctx); err == nil && difference(d, third) == "" {
			if failure != nil {
				v.fail("without a network Describe fails: %v", failure)
			} else {
				v.fail("without a network, %s is another", at)
			}
			return
		}
	}
	v.ran, v.why = false, "another process with a network does not answer the same: see describe.stable and describe.answers"
}

// checkServices calls one method of each service that is described. Any answer will do but that there is no such method.
func checkServices(v *verdict) {
	d := v.described()
	request := &sdk.StepRequest{Context: sdk.StepContext{InstanceID: "no-such-instance", Intent: sdk.IntentLogin}}
	calls := map[sdk.Service]func(context.Context) error{
		sdk.ServiceAuthenticator: func(ctx context.Context) error { return v.main.Cancel(ctx, request) },
		sdk.ServiceEnrollment: func(ctx context.Context) error {
			_, err := v.main.ImportCredentials(ctx, "no-such-instance", nil)
			return err
		},
		sdk.ServiceCallbacks: func(ctx context.Context) error {
			_, err := v.main.HandleCallback(ctx, &sdk.CallbackRequest{InstanceID: "no-such-instance"})
			return err
		},
		sdk.ServiceLegacySource: func(ctx context.Context) error {
			_, err := v.main.Lookup(ctx, sdk.LegacyRequest{InstanceID: "no-such-instance"})
			return err
		},
		sdk.ServiceDeliveryChannel: func(ctx context.Context) error {
			_, err := v.main.Send(ctx, sdk.Message{InstanceID: "no-such-instance"})
			return err
		},
		sdk.ServiceRiskSource: func(ctx context.Context) error {
			_, err := v.main.Assess(ctx, &sdk.RiskRequest{Context: request.Context, Operation: sdk.OperationSignIn})
			return err
		},
		sdk.ServiceKeyService: func(ctx context.Context) error {
			_, err := v.main.Unwrap(ctx, "no-such-instance", "", nil, nil)
			return err
		},
	}
	if len(d.Services) == 0 {
		v.fail("the plugin describes no service: there is nothing the host could ask of it")
	}
	for _, s := range d.Services {
		call, ok := calls[s]
		if !ok {
			v.fail("%q is no service of contract v1", s)
			continue
		}
		ctx, cancel := context.WithTimeout(v.ctx, 5*time.Second)
		if status.Code(call(ctx)) == codes.Unimplemented {
			v.fail("the service %s is described and not there", s)
		}
		cancel()
	}
}

// textsUsed lists the keys that the description itself shows.
func textsUsed(d *sdk.Description) map[string]string {
	used := map[string]string{}
	for _, m := range d.Methods {
		used[m.Title] = "the title of method " + m.ID
		if m.Opening != nil {
			for _, t := range viewTexts(m.Opening) {
				used[t.Key] = "the opening view of method " + m.ID
			}
		}
	}
	return used
}

func checkEnglish(v *verdict) {
	d := v.described()
	english := d.Texts[sdk.English]
	if len(d.Methods) > 0 && len(english) == 0 {
		v.fail("there is no catalogue of the locale en")
		return
	}
	used := textsUsed(d)
	for _, key := range slices.Sorted(maps.Keys(used)) {
		if _, ok := english[key]; !ok {
			v.fail("%s needs the text %q", used[key], key)
		}
	}
	for _, locale := range slices.Sorted(maps.Keys(d.Texts)) {
		for _, key := range slices.Sorted(maps.Keys(d.Texts[locale])) {
			if _, ok := english[key]; !ok {
				v.fail("%s has the text %q, and English has not", locale, key)
			}
		}
	}
}

func checkLocales(v *verdict) {
	d := v.described()
	for _, locale := range slices.Sorted(maps.Keys(d.Texts)) {
		for _, key := range slices.Sorted(maps.Keys(d.Texts[sdk.English])) {
			text, ok := d.Texts[locale][key]
			if !ok {
				v.fail("%s: %q is missing", locale, key)
			} else if strings.TrimSpace(text) == "" {
				v.fail("%s: %q is empty", locale, key)
			}
		}
	}
}

func checkMarkup(v *verdict) {
	d := v.described()
	bad := func(c rune) bool {
		return c == '<' || c == '>' || unicode.Is(unicode.Cc, c) && c != '\n' || unicode.Is(unicode.Bidi_Control, c)
	}
	for _, locale := range slices.Sorted(maps.Keys(d.Texts)) {
		for _, key := range slices.Sorted(maps.Keys(d.Texts[locale])) {
			if text := d.Texts[locale][key]; strings.ContainsFunc(text, bad) {
				v.fail("%s: %q is %q", locale, key, text)
			}
		}
	}
}

var parameter = pattern(`\{[^{}]*\}`)

func checkParameters(v *verdict) {
	d := v.described()
	names := func(text string) []string {
		found := parameter().FindAllString(text, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	for _, locale := range slices.Sorted(maps.Keys(d.Texts)) {
		for _, key := range slices.Sorted(maps.Keys(d.Texts[locale])) {
			original, ok := d.Texts[sdk.English][key]
			if want, got := names(original), names(d.Texts[locale][key]); ok && !slices.Equal(want, got) {
				v.fail("%s: %q has the parameters %v, English %v", locale, key, got, want)
			}
		}
	}
}

func checkSchema(v *verdict) {
	d := v.described()
	if len(d.ConfigSchema) == 0 {
		v.ran, v.why = false, "the plugin takes no configuration"
		return
	}
	schema, err := readSchema(d.ConfigSchema)
	if err != nil {
		v.fail("%v", err)
		return
	}
	root := properties(d.ConfigSchema)
	if root.kind != "object" {
		v.fail("\"type\" is %q, not \"object\"", root.kind)
	}
	if !root.closed {
		v.fail("unknown members are allowed: a misspelt setting would be lost in silence")
	}
	if len(v.script.Config) > 0 && v.config != nil {
		if err := schema.validate(v.config); err != nil {
			v.fail("the configuration of conformance.yaml is not valid under it: %v", err)
		}
	}
}

var looksSecret = pattern(`(?i)(^|[_-])(password|passwd|passphrase|secret|token|credentials?|pin|(api|access|auth|private|signing|hmac|shared|secret)[_-]?key)$`)

func checkSecretsMarked(v *verdict) {
	d := v.described()
	if len(d.ConfigSchema) == 0 || !json.Valid(d.ConfigSchema) {
		v.ran, v.why = false, "the plugin takes no configuration"
		return
	}
	properties(d.ConfigSchema).walk("", func(pointer string, p *property) {
		name := pointer[strings.LastIndexByte(pointer, '/')+1:]
		if p.kind == "string" && looksSecret().MatchString(name) && !p.secret {
			v.fail("%s looks like a secret and is not marked writeOnly", pointer)
		}
	})
}
