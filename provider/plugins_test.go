package provider

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
)

func TestInstances(t *testing.T) {
	t.Parallel()
	c := install(t, `
plugins:
  password: {}
  totp: {}
  sms:
    command: [/usr/lib/varco/sms, --fast]
    sha256: "AB`+strings.Repeat("0", 62)+`"
    config: {account: AC1, smtp: {host: mail}}
    secrets: {token: {file: token.secret}, smtp.password: {env: BANK}, deep.er.key: {env: BANK}}
    amr: [sms]
    attributes: [phone_number]
`)
	if _, err := c.instances(); err == nil || !strings.Contains(err.Error(), "plugin sms: token: ") {
		t.Errorf("a missing secret: %v", err)
	}
	write(t, filepath.Join(c.Path("."), "token.secret"), "t0ken\n")
	list, err := c.instances()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 || list[0].ID != "password" || list[0].Plugin != "password" || string(list[0].Config) != "{}" {
		t.Errorf("instances: %+v", list)
	}
	sms := list[1]
	secret := strings.Repeat("s", minSecret)
	want := `{"account":"AC1","deep":{"er":{"key":"` + secret + `"}},"smtp":{"host":"mail","password":"` + secret + `"},"token":"t0ken"}`
	if string(sms.Config) != want || sms.Plugin != "" || len(sms.Command) != 2 || sms.SHA256[:2] != "ab" || sms.AMR[0] != "sms" || sms.Attributes[0] != "phone_number" {
		t.Errorf("sms: %+v\n%s", sms, sms.Config)
	}
	if _, there := c.Plugins["sms"].Config["token"]; there {
		t.Error("the secret got into the configuration that is shown")
	}
}

func TestClearSecretsOfPlugins(t *testing.T) {
	t.Parallel()
	const schema = `{"properties":{"token":{"writeOnly":true},"smtp":{"properties":{"password":{"writeOnly":true},"host":{}}}}}`
	c, err := Parse("varco.yaml", []byte(minimal+"plugins:\n  password: {}\n  totp: {}\n  sms: {plugin: totp, config: {token: x, smtp: {host: h, password: y}}}\n"),
		[]string{"VARCO_PLUGINS__SMS__CONFIG__TOKEN=from-outside"})
	if err != nil {
		t.Fatal(err)
	}
	found := c.clearSecrets("sms", []byte(schema))
	if len(found) != 1 || found[0].Key != "plugins.sms.config.smtp.password" || !strings.HasPrefix(found[0].Where, "varco.yaml:8:") {
		t.Errorf("found %v: the token came from the environment, the password stands in the file", found)
	}
	c.Development = true
	if found := c.clearSecrets("sms", []byte(schema)); len(found) != 0 {
		t.Errorf("in development: %v", found)
	}
}

func TestPluginMistake(t *testing.T) {
	t.Parallel()
	c, err := Parse("varco.yaml", []byte(minimal+"plugins:\n  totp: {}\n  password:\n    config:\n      a/b: [1, {c: 2}]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]string{
		"/a~1b/1/c": "varco.yaml:9:20: plugins.password.config.a/b[1].c: wrong",
		"/absent":   "varco.yaml:9:7: plugins.password.config.absent: wrong",
		"":          "varco.yaml:9:7: plugins.password.config: wrong",
	} {
		if got := c.pluginMistake("password", pointer, "wrong").String(); got != want {
			t.Errorf("%q: %s, want %s", pointer, got, want)
		}
	}
}

func TestCheckMethods(t *testing.T) {
	t.Parallel()
	methods := []host.MethodRef{
		{Ref: "password", Method: sdk.Method{Factors: []sdk.Factor{sdk.FactorKnowledge}}},
		{Ref: "pin", Method: sdk.Method{Factors: []sdk.Factor{sdk.FactorKnowledge}}},
		{Ref: "phone/push", Method: sdk.Method{Factors: []sdk.Factor{sdk.FactorPossession, sdk.FactorInherence}}},
	}
	for name, tc := range map[string]struct {
		policy Policy
		want   string
	}{
		"good":           {Policy{Levels: []Level{{ACR: "a", AnyOf: [][]string{{"password", "phone/push"}, {"phone/push"}}, Factors: 2}}}, ""},
		"same factor":    {Policy{Levels: []Level{{ACR: "a", AnyOf: [][]string{{"password", "pin"}}, Factors: 2}}}, "proves 1 of the 2 factors that a promises (knowledge)"},
		"unknown method": {Policy{Levels: []Level{{ACR: "a", AnyOf: [][]string{{"phone"}}}}}, `there is no method "phone": the methods are password, pin, phone/push`},
		"unknown bind":   {Policy{BindAtLogin: []string{"phone/code"}}, `policy.bind_at_login[0]: there is no method "phone/code"`},
	} {
		c := &Config{Policy: tc.policy}
		if got := c.checkMethods(methods).Error(); (tc.want == "") != (got == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
