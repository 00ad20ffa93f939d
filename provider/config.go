package provider

// Config is the configuration of one installation: one YAML file, environment variables over it, defaults under it.
// Every default is safe for production. Paths are relative to the folder of the file. Durations are written like
// "5m" or "8h".
type Config struct {
	// The public URL of this OpenID Provider, exactly as relying parties know it: the `iss` of every token. https,
	// without query or fragment; a path is allowed. Never change it while relying parties trust it.
	Issuer string `json:"issuer" jsonschema:"required,example=https://login.bank.example"`
	// Allow what only a developer's machine may do: http on a loopback address, secrets in clear text in the file.
	Development bool `json:"development,omitempty"`
	// The address of the public listener, host:port.
	Listen string `json:"listen,omitempty"`
	// Serve TLS here. Without it a proxy in front must terminate TLS; list it under trusted_proxies.
	TLS *TLS `json:"tls,omitempty"`
	// The address of the listener of /metrics, /livez and /readyz, host:port; never reachable from outside. Empty:
	// /livez and /readyz on the public listener, no metrics.
	MetricsListen string `json:"metrics_listen,omitempty"`
	// The proxies, as CIDR prefixes, whose X-Forwarded-For is believed. Believing a stranger's lets an attacker
	// choose the address that throttling counts and the audit log keeps.
	TrustedProxies []string `json:"trusted_proxies,omitempty" jsonschema:"example=10.0.0.0/8"`
	// The folder for what this process keeps on disk: the embedded database and the admin socket. Nobody else's.
	DataDir string `json:"data_dir,omitempty"`
	// Where everything is stored.
	Database Database `json:"database,omitempty"`
	// The keys that seal secrets at rest.
	Sealing Sealing `json:"sealing,omitempty"`
	// The keys that sign tokens.
	SigningKeys SigningKeys `json:"signing_keys,omitempty"`
	// How long a person stays signed in at the provider.
	Session Session `json:"session,omitempty"`
	// How strongly people prove who they are. Replaces the default as a whole.
	Policy Policy `json:"policy,omitempty"`
	// Who is asked about the circumstances of what people do, and what holds when nobody answers.
	Risk []Risk `json:"risk,omitempty"`
	// What happens when people lose a way to sign in, or change where messages go.
	Recovery Recovery `json:"recovery,omitempty"`
	// How many failures are allowed to whom.
	Throttle Throttle `json:"throttle,omitempty"`
	// The plugins in use, by the name of the instance. Replaces the default (password and totp) as a whole.
	Plugins map[string]Plugin `json:"plugins,omitempty"`
	// Relying parties declared here. They are kept as written at every start; those removed from here are removed.
	// Others can be added with `varco client add`.
	Clients []Client `json:"clients,omitempty"`
	// What the pages look like and say.
	Brand Brand `json:"brand,omitempty"`
	// The time zone of dates on the person's own page, of the IANA database.
	TimeZone string `json:"time_zone,omitempty" jsonschema:"example=Europe/Rome"`
	// The languages of the pages, best first: BCP 47 tags among "en" and "it".
	Locales []string `json:"locales,omitempty" jsonschema:"example=it"`
	// What is logged.
	Log Log `json:"log,omitempty"`
	// Where traces go.
	Tracing Tracing `json:"tracing,omitempty"`
	// The record of security decisions.
	Audit Audit `json:"audit,omitempty"`

	source source
}

// TLS is the certificate of the public listener.
type TLS struct {
	// PEM file of the certificate and its chain. Read again when it changes.
	Cert string `json:"cert" jsonschema:"required"`
	// PEM file of its private key.
	Key string `json:"key" jsonschema:"required"`
}

// Database is where everything is stored.
type Database struct {
	// "sqlite:FILE" for the embedded database (one process only), or "postgres://USER@HOST/NAME". Empty: an embedded
	// database in data_dir. A URL with a password belongs into url_file or the environment.
	URL string `json:"url,omitempty" jsonschema:"example=postgres://varco@db.internal/varco?sslmode=verify-full"`
	// File that holds the URL.
	URLFile string `json:"url_file,omitempty"`
	// A direct way to the same PostgreSQL, needed when url goes through a pooler that shares connections between
	// transactions (PgBouncer): LISTEN does not work through one. Default: url.
	ListenURL string `json:"listen_url,omitempty"`
	// File that holds listen_url.
	ListenURLFile string `json:"listen_url_file,omitempty"`
	// The most connections this process opens to PostgreSQL.
	MaxConns int `json:"max_conns,omitempty" jsonschema:"minimum=1,maximum=1000"`
	// Migrate the schema at start. Default: yes on the embedded database; no on PostgreSQL, where `varco db migrate`
	// runs once before the replicas are replaced.
	AutoMigrate *bool `json:"auto_migrate,omitempty"`
}

// Sealing holds the key-encryption keys (KEK) of secrets at rest.
type Sealing struct {
	// The first wraps; all of them unwrap. To change the key, put the new one first, restart every replica, run
	// `varco keys rotate-wrapping`, then take the old one away.
	KEK []KEK `json:"kek" jsonschema:"required,minItems=1"`
}

// KEK says where one key-encryption key is; exactly one of its fields is set. In a file or a variable it is 32 bytes in
// base64 (`openssl rand -base64 32`).
type KEK struct {
	// File that holds the key.
	File string `json:"file,omitempty"`
	// Environment variable that holds the key.
	Env string `json:"env,omitempty"`
	// A key that never leaves a KMS: "INSTANCE/KEY-ID", where INSTANCE is a key service in plugins and KEY-ID what it calls the key.
	KMS string `json:"kms,omitempty"`
}

// SigningKeys says how the keys that sign tokens live.
type SigningKeys struct {
	// How long a key signs before the next one takes over.
	Rotate Duration `json:"rotate,omitempty"`
	// How long a new key is published before it signs, so that relying parties with a cached key set know it.
	PublishAhead Duration `json:"publish_ahead,omitempty"`
}

// Session limits how long a person stays signed in at the provider (RTS article 4(3)(d), NIST SP 800-63B-4).
type Session struct {
	// Signed out after this long without activity.
	Inactivity Duration `json:"inactivity,omitempty"`
	// Signed out this long after signing in, whatever the activity.
	Absolute Duration `json:"absolute,omitempty"`
}

// Throttle limits failures (RTS article 4(3)(b): at most five in a row over all factors). What a stranger can
// provoke is always temporary.
type Throttle struct {
	// Failures in a row, over all factors together, until a temporary block.
	MaxFailures int `json:"max_failures,omitempty" jsonschema:"minimum=1,maximum=5"`
	// The first temporary block; each further one is twice as long.
	Block Duration `json:"block,omitempty"`
	// The longest temporary block.
	MaxBlock Duration `json:"max_block,omitempty"`
	// Temporary blocks in a row, provoked by somebody who had proven a factor, until the block lasts and
	// `varco subscriber unblock` is the way back.
	LastingAfter int `json:"lasting_after,omitempty" jsonschema:"minimum=1"`
	// Failures from one network address within address_window until it is refused. Offices and mobile networks share
	// addresses: keep it wide.
	AddressFailures int `json:"address_failures,omitempty" jsonschema:"minimum=1"`
	// The window of address_failures.
	AddressWindow Duration `json:"address_window,omitempty"`
	// Login attempts a second that one process answers; more wait their turn or are told to come back.
	PerSecond int `json:"per_second,omitempty" jsonschema:"minimum=1"`
	// Sign-ins a second that one network address may begin at one process, on average over a minute. Behind a proxy that is missing in
	// trusted_proxies, everybody has the proxy's address.
	StartsPerAddress int `json:"starts_per_address,omitempty" jsonschema:"minimum=1"`
}

// Plugin is one instance of a plugin: a bundled one by name, or any program by command.
type Plugin struct {
	// Name of a bundled plugin (docs/plugins has a page of each). Default: the name of the instance, when there is no command.
	Plugin string `json:"plugin,omitempty"`
	// Program and arguments of a plugin that is not bundled.
	Command []string `json:"command,omitempty"`
	// SHA-256 of the program, in hexadecimal: what is executed is what was reviewed. Required with command outside
	// development. With manifest it is the manifest's. `varco plugin pin` prints it.
	SHA256 string `json:"sha256,omitempty" jsonschema:"pattern=^[0-9a-fA-F]{64}$"`
	// For a plugin that an interpreter runs: the file, made by `varco plugin pin`, that lists the SHA-256 of the interpreter
	// and of each file of the plugin's folder. What runs is a private copy of what it lists.
	Manifest string `json:"manifest,omitempty"`
	// The plugin's own configuration; `varco config check` holds it against the plugin's schema.
	Config map[string]any `json:"config,omitempty"`
	// The secrets among its configuration, by key; dots lead into groups: {"smtp.password": {file: smtp.secret}}.
	Secrets map[string]Secret `json:"secrets,omitempty"`
	// The amr values (RFC 8176) it may claim at most. Default: those it describes.
	AMR []string `json:"amr,omitempty"`
	// The claims about a person that it gets to see. Default: none.
	Attributes []string `json:"attributes,omitempty"`
	// What its process may take.
	Limits PluginLimits `json:"limits,omitempty"`
	// Texts of the plugin to say otherwise: language → key → text. Parameters are written {name}.
	Texts map[string]map[string]string `json:"texts,omitempty"`
}

// PluginLimits bound the process of a plugin, on Linux.
type PluginLimits struct {
	// Memory it may write to, in MiB; at least 128. Default: 1024.
	MemoryMiB int `json:"memory_mib,omitempty" jsonschema:"minimum=128"`
	// Files and connections it may have open at the same time. Default: 1024.
	Files int `json:"files,omitempty" jsonschema:"minimum=32"`
}

// Client is a relying party: a registration, with its secret in a file or the environment.
type Client struct {
	RelyingParty
	// File that holds the client secret: at least 32 characters, made by a machine. Replacing its content rotates it.
	SecretFile string `json:"secret_file,omitempty"`
	// Environment variable that holds the client secret.
	SecretEnv string `json:"secret_env,omitempty"`
}

// Brand is what the pages look like and say.
type Brand struct {
	// The name on every page.
	Name string `json:"name,omitempty" jsonschema:"maxLength=80"`
	// SVG or PNG file of at most 256 KiB, good on light and on dark ground.
	Logo string `json:"logo,omitempty"`
	// Where a person who is stuck finds help: an https URL, or tel: and a number.
	Support string `json:"support,omitempty"`
	// The colours of both schemes.
	Colours Colours `json:"colours,omitempty"`
	// Texts of the pages to say otherwise: language → key → text.
	Texts map[string]map[string]string `json:"texts,omitempty"`
}

// Colours of the pages, as #rrggbb. One with too little contrast (WCAG 2.2, 1.4.3) is moved until it has enough, and the log
// says so.
type Colours struct {
	// Buttons and links in the light scheme.
	Accent string `json:"accent,omitempty" jsonschema:"pattern=^#[0-9a-fA-F]{6}$"`
	// Buttons and links in the dark scheme.
	AccentDark string `json:"accent_dark,omitempty" jsonschema:"pattern=^#[0-9a-fA-F]{6}$"`
}

// Log is what is logged: JSON lines on standard error, without secrets.
type Log struct {
	// The least level that is logged.
	Level string `json:"level,omitempty" jsonschema:"enum=debug,enum=info,enum=warn,enum=error"`
}

// Tracing is where traces go.
type Tracing struct {
	// URL of an OTLP/HTTP collector. Empty: no traces.
	OTLPEndpoint string `json:"otlp_endpoint,omitempty" jsonschema:"example=https://otel.internal:4318"`
}

// Audit is the record of security decisions.
type Audit struct {
	// The name of the log in its signed checkpoints. Default: the issuer without its scheme.
	Origin string `json:"origin,omitempty"`
	// The key that signs checkpoints: 32 bytes in base64. Default: derived from the sealing keys.
	CheckpointKey *Secret `json:"checkpoint_key,omitempty"`
	// The public keys (`varco audit key`) that signed checkpoints before the present one, so that the whole log can
	// still be verified.
	FormerKeys []string `json:"former_keys,omitempty"`
}
