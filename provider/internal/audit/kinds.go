package audit

// Kind names what was decided: domain, dot, past participle. Kinds are part of the public record: one is never renamed and
// never given another meaning, because sealed events cannot be corrected.
type Kind string

// Logins. Flow is always set; Subject as soon as it is known, Session from LoginCompleted on.
const (
	// LoginStarted: an authorization request was accepted. Data: acr_requested, prompt.
	LoginStarted Kind = "login.started"
	// LoginStepSucceeded: an authenticator accepted the claimant. Data: method, instance, credential, amr.
	LoginStepSucceeded Kind = "login.step_succeeded"
	// LoginStepFailed: an authenticator refused the claimant. Data: method, instance, reason, counted ("true" if it used up an attempt).
	LoginStepFailed Kind = "login.step_failed"
	// LoginRefused: the login ended without success. Data: reason.
	LoginRefused Kind = "login.refused"
	// LoginCancelled: the person gave up.
	LoginCancelled Kind = "login.cancelled"
	// LoginCompleted: policy is satisfied and an authorization code was made. Data: acr, amr, auth_time, reused ("true" for SSO without a new step).
	LoginCompleted Kind = "login.completed"
	// BrowserMismatch: a flow was continued from a browser that did not begin it: a stolen link or a login forced on somebody.
	BrowserMismatch Kind = "login.browser_mismatch"
	// SubscriberIdentified: the claimant said who they are, and a subscriber of that name exists.
	SubscriberIdentified Kind = "login.identified"
)

// Sessions at the provider.
const (
	// SessionCreated: a login left a session. Data: acr.
	SessionCreated Kind = "session.created"
	// SessionStepped: a session gained strength through a further login. Data: acr.
	SessionStepped Kind = "session.stepped_up"
	// SessionEnded: Data: reason (logout, subscriber, operator, inactivity, lifetime, blocked, credential_revoked).
	SessionEnded Kind = "session.ended"
)

// Credentials (authenticators bound to a subscriber). Data: credential, method, instance.
const (
	// CredentialBound: an authenticator was bound. Data also: after (what the subscriber had proven before).
	CredentialBound Kind = "credential.bound"
	// CredentialChanged: its secret was replaced by its owner (a new password).
	CredentialChanged Kind = "credential.changed"
	// CredentialUpgraded: the host or plugin rewrote it without the owner's doing (a stronger hash).
	CredentialUpgraded Kind = "credential.upgraded"
	// CredentialRevoked: it can no longer be used. Data also: reason.
	CredentialRevoked Kind = "credential.revoked"
)

// Tokens. Client is always set.
const (
	// TokenIssued: tokens left the token endpoint. Data: grant_type, scope, grant (the id of what they hang on).
	TokenIssued Kind = "token.issued"
	// TokenRefreshed: a refresh token was exchanged for the next. Data: grant, scope.
	TokenRefreshed Kind = "token.refreshed"
	// TokenReuseDetected: a refresh token came a second time; the whole grant was revoked (RFC 9700 section 4.14.2). Data: grant.
	TokenReuseDetected Kind = "token.reuse_detected"
	// TokenRevoked: Data: grant, reason (client, subscriber, operator, logout, reuse).
	TokenRevoked Kind = "token.revoked"
	// CodeReuseDetected: an authorization code came a second time; what it gave was revoked (RFC 6749 section 4.1.2).
	CodeReuseDetected Kind = "code.reuse_detected"
	// CodeRefused: an authorization code failed its checks (PKCE, redirect URI, client, expiry). Data: reason.
	CodeRefused Kind = "code.refused"
)

// Relying parties.
const (
	// ClientAdded: Actor added a relying party.
	ClientAdded Kind = "client.added"
	// ClientChanged: Data: fields (names alone, space separated).
	ClientChanged Kind = "client.changed"
	// ClientRemoved: Actor removed a relying party.
	ClientRemoved Kind = "client.removed"
	// ClientSecretRotated: the relying party's secret was replaced.
	ClientSecretRotated Kind = "client.secret_rotated"
	// ClientAuthFailed: somebody failed to authenticate as this relying party. Data: method, reason.
	ClientAuthFailed Kind = "client.auth_failed"
)

// Subscribers.
const (
	// SubscriberAdded: Data: source.
	SubscriberAdded Kind = "subscriber.added"
	// SubscriberChanged: Data: fields (names alone).
	SubscriberChanged Kind = "subscriber.changed"
	// SubscriberRemoved: the subscriber's record was removed; the log keeps the pseudonym.
	SubscriberRemoved Kind = "subscriber.removed"
	// SubscriberBlocked: Data: reason, until (RFC 3339; absent for a lasting block).
	SubscriberBlocked Kind = "subscriber.blocked"
	// SubscriberUnblocked: Data: reason.
	SubscriberUnblocked Kind = "subscriber.unblocked"
)

// The life of an account. Data of a change also: change (its id), cools_until.
const (
	// ContactChanged: an address was replaced by one that was proven. Data: channel.
	ContactChanged Kind = "contact.changed"
	// AccountRecovered: an authenticator was replaced without itself. Data: method, proven (the methods that did), ticket.
	AccountRecovered Kind = "account.recovered"
	// ChangeCancelled: a change was taken back and sign-in blocked. Data: change, kind, channel (whose link it was), changes (how many were taken back).
	ChangeCancelled Kind = "account.change_cancelled"
	// NamesReminded: the names that belong to a proven address were sent to it. Data: channel.
	NamesReminded Kind = "account.names_reminded"
	// TicketIssued: an operator let somebody recover with the bank's word. Data: ticket, lost, alone, reason, requested_by.
	TicketIssued Kind = "ticket.issued"
	// TicketRequested: it awaits a second operator. Data: ticket, lost, alone, reason.
	TicketRequested Kind = "ticket.requested"
	// TicketUsed: Data: ticket.
	TicketUsed Kind = "ticket.used"
)

// Throttling.
const (
	// ThrottleBlocked: a limit began to refuse attempts: once per block, not once per attempt, or a flood would fill the log.
	// Data: limit (subscriber, address, overall …), until.
	ThrottleBlocked Kind = "throttle.blocked"
	// ThrottleWarned: a subscriber is one step from a lasting block and was told so. Data: limit, left.
	ThrottleWarned Kind = "throttle.warned"
)

// Risk sources. Data: source (the instance), operation (sign_in, send, bind, transaction, recover), verdict (allow, step_up, deny), method
// and channel where there is one.
const (
	// RiskAssessed: a source gave its verdict. Data also: reasons, as it gave them.
	RiskAssessed Kind = "risk.assessed"
	// RiskSilent: a source gave none in time, and verdict is what policy takes that for. Data also: fault (unavailable, deadline, exhausted,
	// not_configured, bug: it answered what the contract does not allow).
	RiskSilent Kind = "risk.silent"
)

// Consent.
const (
	// ConsentGranted: Data: scope.
	ConsentGranted Kind = "consent.granted"
	// ConsentDenied: Data: scope.
	ConsentDenied Kind = "consent.denied"
	// ConsentRevoked: Data: scope.
	ConsentRevoked Kind = "consent.revoked"
)

// Keys. Data: key (its id), alg, use.
const (
	// KeyCreated: a signing key was made; it is published but does not sign yet.
	KeyCreated Kind = "key.created"
	// KeyActivated: it signs from now on.
	KeyActivated Kind = "key.activated"
	// KeyRetired: it signs no more; it stays published until what it signed has expired.
	KeyRetired Kind = "key.retired"
	// KeyRemoved: it is no longer published.
	KeyRemoved Kind = "key.removed"
	// KEKRotated: data keys are wrapped by another key-encryption key. Data: from, to (ids).
	KEKRotated Kind = "kek.rotated"
)

// Plugins. Data: instance, method.
const (
	// PluginLied: a plugin claimed what the host never believes. Data also: claim.
	PluginLied Kind = "plugin.lied"
	// PluginStarted: Data also: digest, version.
	PluginStarted Kind = "plugin.started"
	// PluginStopped: Data also: reason.
	PluginStopped Kind = "plugin.stopped"
	// PluginBroken: the breaker opened and the method is not offered. Data also: reason.
	PluginBroken Kind = "plugin.broken"
	// PluginReloaded: an operator had the plugins reloaded. Data also: outcome (added, replaced, removed, refused), version, digest.
	PluginReloaded Kind = "plugin.reloaded"
)

// The installation.
const (
	// ServerStarted: Data: version.
	ServerStarted Kind = "server.started"
	// ConfigLoaded: Data: digest.
	ConfigLoaded Kind = "config.loaded"
	// DatabaseMigrated: Data: from, to.
	DatabaseMigrated Kind = "database.migrated"
	// AuditRead: somebody read the record. Data: from, to.
	AuditRead Kind = "audit.read"
	// AdminDenied: an operator asked for what their role does not allow. Data: action.
	AdminDenied Kind = "admin.denied"
)
