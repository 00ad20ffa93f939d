package provider

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// minimal is the shortest configuration for production.
const minimal = "issuer: https://login.bank.example\nsealing:\n  kek:\n    - file: kek.key\n"

// risky has a plugin that may be a risk source: what a program of somebody else's offers is known only when it runs.
const risky = "plugins: {password: {}, totp: {}, fraud: {command: [/bin/fraud], sha256: " + digestOfNothing + "}}\n"

const digestOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// TestRiskSilence: where the file says nothing, an outage locks nobody out who can prove all, and lets nothing through that matters more.
func TestRiskSilence(t *testing.T) {
	t.Parallel()
	c, err := Parse("varco.yaml", []byte(minimal+risky+`
risk:
  - {source: fraud, operations: [sign_in, send, bind, transaction, recover], deadline: 300ms, relying_parties: [bank]}
  - {source: fraud, operations: [sign_in, bind], silence: {sign_in: allow}}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	rules := c.riskRules()
	if len(rules) != 2 || rules[0].Deadline != 300*time.Millisecond || len(rules[0].Clients) != 1 || rules[0].Source != "fraud" {
		t.Fatalf("rules: %+v", rules)
	}
	for op, want := range map[sdk.Operation]sdk.RiskVerdict{sdk.OperationSignIn: sdk.RiskStepUp, sdk.OperationSend: sdk.RiskDeny, sdk.OperationBind: sdk.RiskDeny,
		sdk.OperationTransaction: sdk.RiskDeny, sdk.OperationRecover: sdk.RiskDeny} {
		if got := rules[0].Operations[op]; got != want {
			t.Errorf("silence about %s counts as %q, want %q", op, got, want)
		}
	}
	if len(rules[1].Operations) != 2 || rules[1].Operations[sdk.OperationSignIn] != sdk.RiskAllow || rules[1].Operations[sdk.OperationBind] != sdk.RiskDeny {
		t.Errorf("as written: %+v", rules[1].Operations)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := Parse("/etc/varco/varco.yaml", []byte(minimal+`
database: {url: "postgres://varco@db/varco", auto_migrate: true, max_conns: 5}
session: {inactivity: 2m}
tls:
plugins:
  pin:
    plugin: password
    config: {min_length: 15, list: [a, 1, 1.5, true, null], nested: {deep: x}}
policy:
  levels: [{acr: one, any_of: [[pin]]}]
clients:
  - client_id: bank
    redirect_uris: [https://bank.example/cb]
    access_token_lifetime: 3m
    access_token_format: opaque
    secret_file: bank.secret
`), []string{"PATH=/bin", "VARCO_LISTEN=:443", "VARCO_TRUSTED_PROXIES=10.0.0.0/8, 192.0.2.1/32", "VARCO_SESSION__ABSOLUTE=1h",
		"VARCO_PLUGINS__PIN__CONFIG__MIN_LENGTH=20", "VARCO_PORT=tcp://10.1.2.3:80", "VARCO_SERVICE_HOST=10.1.2.3", "VARCO_CONFIG=x", "VARCO_TEST_SOMETHING=x", "VARCO_TLS="})
	if err != nil {
		t.Fatal(err)
	}
	pin := c.Plugins["pin"].Config
	for name, ok := range map[string]bool{
		"url":                   c.Database.URL == "postgres://varco@db/varco" && c.Database.MaxConns == 5 && *c.Database.AutoMigrate,
		"duration":              time.Duration(c.Session.Inactivity) == 2*time.Minute,
		"empty keeps default":   c.TLS == nil,
		"plugins are replaced":  len(c.Plugins) == 1,
		"free form":             len(pin["list"].([]any)) == 5 && pin["nested"].(map[string]any)["deep"] == "x",
		"client":                c.Clients[0].ClientID == "bank" && c.Clients[0].AccessTokenFormat == "opaque" && c.Clients[0].SecretFile == "bank.secret",
		"client duration":       time.Duration(c.Clients[0].AccessTokenLifetime) == 3*time.Minute,
		"environment text":      c.Listen == ":443",
		"environment list":      len(c.TrustedProxies) == 2 && c.TrustedProxies[1] == "192.0.2.1/32",
		"environment duration":  time.Duration(c.Session.Absolute) == time.Hour,
		"environment free form": pin["min_length"] == int64(20),
		"path":                  c.Path("kek.key") == "/etc/varco/kek.key" && c.Path("/abs") == "/abs",
	} {
		if !ok {
			t.Errorf("%s: not as written: %+v", name, c)
		}
	}
}

// TestMistakes holds every mistake against the place, the key and the hint it must be told with.
func TestMistakes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		yaml string
		env  []string
		want []string // each on one line of the error
	}{
		"unknown key":         {"isuer: https://a.example\n" + minimal, nil, []string{"varco.yaml:1:1: isuer: there is no such key: did you mean issuer?"}},
		"unknown nested key":  {minimal + "database:\n  max_con: 3\n", nil, []string{"varco.yaml:6:3: database.max_con: there is no such key: did you mean max_conns?"}},
		"unknown and far":     {minimal + "session: {colour: x}\n", nil, []string{"session.colour: there is no such key: the keys here are absolute, inactivity"}},
		"key written twice":   {minimal + "listen: :1\nlisten: :2\n", nil, []string{"varco.yaml:6:1: listen: this key is written twice: the first is at varco.yaml:5:1"}},
		"text for number":     {minimal + "database: {max_conns: many}\n", nil, []string{"database.max_conns: this must be a whole number, not a text"}},
		"number for text":     {minimal + "listen: 8080\n", nil, []string{`listen: this must be a text, and 8080 reads as a number: write it in quotes: "8080"`}},
		"yes for true":        {minimal + "development: yes\n", nil, []string{"development: this must be true or false, not a text"}},
		"list for group":      {minimal + "session: [1]\n", nil, []string{"session: this must be a group of keys, not a list"}},
		"text for list":       {minimal + "locales: it\n", nil, []string{"locales: this must be a list, not a text"}},
		"duration no unit":    {minimal + "throttle: {block: 15}\n", nil, []string{`throttle.block: "15" is not a duration: write it like 30s, 5m or 8h`}},
		"duration negative":   {minimal + "throttle: {block: -5m}\n", nil, []string{"throttle.block: a duration cannot be negative"}},
		"alias":               {minimal + "listen: &a :1\nmetrics_listen: *a\n", nil, []string{"varco.yaml:5:9: listen: anchors", "varco.yaml:6:17: metrics_listen: anchors"}},
		"alias in free form":  {minimal + "plugins: {password: {config: {a: &x 1, b: *x}}}\n", nil, []string{"plugins.password.config.a: anchors", "plugins.password.config.b: anchors"}},
		"infinity":            {minimal + "plugins: {password: {config: {a: .inf}}}\n", nil, []string{"plugins.password.config.a: .inf reads as a number"}},
		"too deep":            {minimal + "plugins: {password: {config: {a: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}}}\n", nil, []string{"this nests too deep"}},
		"syntax":              {"issuer: [\n", nil, []string{"varco.yaml:", "this is not YAML"}},
		"tab":                 {"sealing:\n\tkek: []\n", nil, []string{"varco.yaml:2: this is not YAML"}},
		"two documents":       {minimal + "---\nlisten: :1\n", nil, []string{"more than one document"}},
		"not a mapping":       {"- a\n", nil, []string{"this must be a group of keys, not a list"}},
		"all at once":         {"lisen: :1\nlog: {level: 3}\nthrottle: {blok: 1m}\n", nil, []string{"lisen", "log.level", "throttle.blok"}},
		"environment key":     {minimal, []string{"VARCO_DATABASE__MAX_CON=3"}, []string{"environment variable VARCO_DATABASE__MAX_CON: database.max_con: there is no such key: did you mean max_conns?"}},
		"environment top":     {minimal, []string{"VARCO_ISUER=x"}, []string{"environment variable VARCO_ISUER: isuer: there is no such key: did you mean issuer?"}},
		"environment value":   {minimal, []string{"VARCO_DATABASE__MAX_CONNS=many"}, []string{"environment variable VARCO_DATABASE__MAX_CONNS: database.max_conns: this must be a whole number"}},
		"environment checked": {minimal, []string{"VARCO_LISTEN=nowhere"}, []string{`environment variable VARCO_LISTEN: listen: "nowhere" is not an address`}},

		"empty":                {"", nil, []string{"issuer: the issuer is missing", "sealing.kek: there is no key-encryption key"}},
		"issuer slash":         {strings.Replace(minimal, "example", "example/", 1), nil, []string{"varco.yaml:1:9: issuer: ", "must not end with /"}},
		"issuer http":          {strings.Replace(minimal, "https", "http", 1), nil, []string{"issuer: http would show passwords"}},
		"issuer http loopback": {strings.Replace(minimal, "https://login.bank.example", "http://127.0.0.1:1", 1), nil, []string{"http needs development: true"}},
		"issuer query":         {strings.Replace(minimal, "example", "example?a=b", 1), nil, []string{"no user, query or fragment"}},
		"issuer nonsense":      {strings.Replace(minimal, "https://login.bank.example", "login", 1), nil, []string{`"login" is not a URL`}},
		"proxy":                {minimal + "trusted_proxies: [10.0.0.1, 0.0.0.0/0]\n", nil, []string{"trusted_proxies[0]: \"10.0.0.1\" is not a CIDR prefix", "varco.yaml:5:29: trusted_proxies[1]: this trusts the whole internet"}},
		"tls":                  {minimal + "tls: {cert: a.pem}\n", nil, []string{"tls.key: the private key is missing"}},
		"same listener":        {minimal + "listen: :1\nmetrics_listen: :1\n", nil, []string{"metrics_listen: this is the address of the public listener"}},
		"clear password":       {minimal + "database: {url: 'postgres://varco:hunter2@db/varco'}\n", nil, []string{"database.url: a password in clear text in the file"}},
		"other database":       {minimal + "database: {url: 'mysql://db'}\n", nil, []string{"database.url: this database is not supported"}},
		"two urls":             {minimal + "database: {url: 'sqlite:x', url_file: y}\n", nil, []string{"database.url_file: the URL and a file of it are both given"}},
		"kek kms":              {"issuer: https://a.example\nsealing: {kek: [{kms: x}]}\n", nil, []string{`sealing.kek[0].kms: "x" does not name a key`}},
		"kek kms no key":       {"issuer: https://a.example\nsealing: {kek: [{kms: x/}]}\n", nil, []string{`sealing.kek[0].kms: "x/" does not name a key`}},
		"kek kms no plugin":    {"issuer: https://a.example\nsealing: {kek: [{kms: x/y}]}\n", nil, []string{`sealing.kek[0].kms: there is no plugin "x"`}},
		"kek kms bundled":      {"issuer: https://a.example\nsealing: {kek: [{kms: totp/y}]}\nplugins: {totp: {}}\n", nil, []string{`sealing.kek[0].kms: the bundled plugin "totp" keeps no keys`}},
		"kek both":             {"issuer: https://a.example\nsealing: {kek: [{file: x, env: Y}]}\n", nil, []string{"sealing.kek[0]: exactly one of file, env and kms must be given"}},
		"risk source":          {minimal + "risk: [{source: frad, operations: [sign_in]}]\n", nil, []string{`risk[0].source: there is no plugin "frad"`}},
		"risk without source":  {minimal + "risk: [{operations: [sign_in]}]\n", nil, []string{"risk[0].source: the risk source is missing"}},
		"risk no source":       {minimal + "risk: [{source: totp, operations: [sign_in]}]\n", nil, []string{`risk[0].source: the bundled plugin "totp" is no risk source`}},
		"risk nothing":         {minimal + risky + "risk: [{source: fraud}]\n", nil, []string{"risk[0].operations: a source that is asked about nothing"}},
		"risk operation":       {minimal + risky + "risk: [{source: fraud, operations: [signin]}]\n", nil, []string{`risk[0].operations[0]: there is no operation "signin": did you mean sign_in?`}},
		"risk twice":           {minimal + risky + "risk: [{source: fraud, operations: [bind, bind]}]\n", nil, []string{"risk[0].operations[1]: this operation is there twice"}},
		"risk silence":         {minimal + risky + "risk: [{source: fraud, operations: [bind], silence: {bind: no, send: deny}}]\n", nil, []string{`risk[0].silence.bind: there is no verdict "no"`, `risk[0].silence.send: the source is not asked about "send"`}},
		"risk channel":         {minimal + risky + "risk: [{source: fraud, operations: [send], channels: [fax]}]\n", nil, []string{`risk[0].channels[0]: there is no kind of channel "fax"`}},
		"risk channel unasked": {minimal + risky + "risk: [{source: fraud, operations: [bind], channels: [sms]}]\n", nil, []string{"risk[0].channels: channels matter to the operation send alone"}},
		"risk deadline":        {minimal + risky + "risk: [{source: fraud, operations: [bind], deadline: 5s}]\n", nil, []string{"risk[0].deadline: a person waits for it: choose from 50ms to 3s"}},
		"times":                {minimal + "session: {inactivity: 1h, absolute: 30m}\n", nil, []string{"session.absolute: this is shorter than session.inactivity"}},
		"failures":             {minimal + "throttle: {max_failures: 6}\n", nil, []string{"throttle.max_failures: this must be between 1 and 5"}},
		"plugin unknown":       {minimal + "plugins: {passwrd: {}, totp: {}}\npolicy: {levels: [{acr: a, any_of: [[totp]]}]}\n", nil, []string{`plugins.passwrd: "passwrd" is not a bundled plugin: did you mean password?`}},
		"plugin unpinned":      {minimal + "plugins: {password: {}, totp: {}, sms: {command: [/usr/bin/sms]}}\n", nil, []string{"plugins.sms.sha256: the program's digest is missing"}},
		"policy method":        {minimal + "policy: {levels: [{acr: a, any_of: [[pasword]]}]}\n", nil, []string{`policy.levels[0].any_of[0][0]: there is no plugin "pasword": did you mean password?`}},
		"policy empty way":     {minimal + "policy: {levels: [{acr: a, any_of: [[]]}]}\n", nil, []string{"policy.levels[0].any_of[0]: an empty combination would let everybody in"}},
		"policy default":       {minimal + "policy: {levels: [{acr: abc, any_of: [[totp]]}], default: abd}\n", nil, []string{`policy.default: the policy has no acr "abd": did you mean abc?`}},
		"recovery times":       {minimal + "recovery: {cooling_off: 1m, ticket_approvals: 3}\n", nil, []string{"recovery.cooling_off: 1m is outside 1h to 720h", "recovery.ticket_approvals: a ticket takes one operator or two"}},
		"recovery itself":      {minimal + "recovery: {ways: {password: [[password, totp]]}}\n", nil, []string{"recovery.ways.password[0][0]: what was lost cannot replace itself"}},
		"recovery unknown":     {minimal + "recovery: {ways: {pasword: [[totp]]}}\n", nil, []string{`recovery.ways.pasword: there is no plugin "pasword": did you mean password?`}},
		"recovery nothing":     {minimal + "recovery: {ways: {password: [[]]}}\n", nil, []string{"recovery.ways.password[0]: an empty combination would give every account away"}},
		"recovery ticket":      {minimal + "recovery: {ways: {password: [[ticket]]}}\n", nil, []string{"recovery.ways.password[0]: an operator alone could take over every account"}},
		"recovery mailbox":     {minimal + "plugins: {password: {}, totp: {}, post: {plugin: email-otp}}\nrecovery: {ways: {password: [[post]]}}\n", nil, []string{"recovery.ways.password[0]: codes in messages alone"}},
		"plugin name taken":    {minimal + "plugins: {password: {}, totp: {}, ticket: {plugin: totp}}\n", nil, []string{"plugins.ticket: this name belongs to a step of the provider's own"}},
		"client acr":           {minimal + "clients: [{client_id: a, redirect_uris: [https://a.example/cb], acr_minimum: urn:varco:sac}]\n", nil, []string{"clients[0].acr_minimum: the policy has no acr", "did you mean urn:varco:sca?"}},
		"client twice":         {minimal + "clients: [{client_id: a, secret_env: A}, {client_id: a, secret_env: A}]\n", nil, []string{"clients[1].client_id: this client_id is there twice"}},
		"client rules":         {minimal + "clients: [{client_id: a, redirect_uris: ['https://a.example/#x'], secret_env: A}]\n", nil, []string{"clients[0].redirect_uris: this ", "has a fragment"}},
		"client no secret":     {minimal + "clients: [{client_id: a, redirect_uris: [https://a.example/cb]}]\n", nil, []string{"clients[0]: the relying party authenticates with a secret, and none is given"}},
		"client jwks":          {minimal + "clients: [{client_id: a, token_endpoint_auth_method: private_key_jwt, jwks: {keys: []}}]\n", nil, []string{"clients[0].jwks: this has 0 keys"}},
		"colour":               {minimal + "brand: {colours: {accent: blue}}\n", nil, []string{`brand.colours.accent: "blue" is not a colour`}},
		"support":              {minimal + "brand: {support: 'javascript:alert(1)'}\n", nil, []string{"brand.support: this must be an https URL, or tel: and a number"}},
		"logo":                 {minimal + "brand: {logo: absent.svg}\n", nil, []string{"brand.logo: the file cannot be read"}},
		"time zone":            {minimal + "time_zone: Milan\n", nil, []string{`time_zone: there is no time zone "Milan"`}},
		"former key":           {minimal + "audit: {former_keys: [x]}\n", nil, []string{"audit.former_keys[0]: this is not a public key"}},
		"locale":               {minimal + "locales: [de]\n", nil, []string{`locales[0]: there are no pages in "de"`}},
		"level":                {minimal + "log: {level: loud}\n", nil, []string{`log.level: there is no "loud": write debug, info, warn, error`}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("/x/varco.yaml", []byte(tc.yaml), tc.env)
			var mistakes Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("error is %v, want Mistakes", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in:\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the mistake shows the password")
			}
		})
	}
}

// TestClearSecrets: what is refused in production is fine where nothing is at stake, and a secret in the environment is
// not in the file.
func TestClearSecrets(t *testing.T) {
	t.Parallel()
	const url = "postgres://varco:hunter2@db/varco"
	for name, tc := range map[string]struct {
		yaml string
		env  []string
	}{
		"development": {minimal + "development: true\ndatabase: {url: '" + url + "'}\n", nil},
		"environment": {minimal, []string{"VARCO_DATABASE__URL=" + url}},
	} {
		if _, err := Parse("varco.yaml", []byte(tc.yaml), tc.env); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "varco.yaml")
	if _, err := Load(path, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Path("kek.key") != filepath.Join(dir, "kek.key") {
		t.Errorf("relative paths start at %s", c.Path("."))
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("#", maxConfig+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, nil); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("a huge file: %v", err)
	}
	if _, err := Load("", []string{"VARCO_ISSUER=https://a.example", "VARCO_SEALING__KEK=[{env: KEK}]"}); err != nil {
		t.Errorf("the environment alone: %v", err)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"issuer", "listen", "locales", "log", "tls"}
	for word, want := range map[string]string{"isseur": "issuer", "Listen": "listen", "lgo": "log", "quite_different": "", "x": "", "locale": "locales",
		strings.Repeat("y", 10_000): ""} {
		if got := nearest(word, names); got != want {
			t.Errorf("nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
}

// FuzzParse: whatever the file and the environment hold, the answer is a configuration that passes its own checks or a
// list of mistakes, and nothing panics.
func FuzzParse(f *testing.F) {
	f.Add(minimal, "VARCO_LISTEN=:1")
	f.Add("a: &a [*a]\n", "VARCO_PLUGINS__A__CONFIG__B=[{c: d}]")
	f.Add("plugins: {x: {config: {<<: {a: 1}, ? [b] : c}}}", "VARCO_=")
	f.Add("policy: {levels: [{any_of: [[], null, 3]}]}", "VARCO_SEALING__KEK=!!binary x")
	f.Fuzz(func(t *testing.T, file, env string) {
		c, err := Parse("varco.yaml", []byte(file), []string{env})
		var mistakes Mistakes
		switch {
		case err == nil && len(c.Check()) > 0:
			t.Errorf("accepted with mistakes: %v", c.Check())
		case err != nil && (!errors.As(err, &mistakes) || len(mistakes) == 0):
			t.Errorf("refused without a mistake: %v", err)
		}
	})
}
