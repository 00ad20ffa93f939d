// Made by tools/types.js from proto/varco/plugin/v1: change the comments there.
//
// What a plugin gets has every field; a message that may be absent is null. What a plugin gives may leave out any.
// Times are Dates, durations are milliseconds, revisions are strings of digits.

/** Action is a button. Pressing it sends the form with the input "action" set to name. */
export interface Action {
  /** Required. */
  name?: string
  /** Required. */
  label?: Text
  /** What most people press; one a view. */
  primary?: boolean
  /** Send without checking the fields: "I have no phone at hand". */
  skip?: boolean
}

export interface AssessRequest {
  /** method_id is that of the method about to act, empty for OPERATION_SIGN_IN. */
  context: StepContext
  /** What the verdict is for. */
  operation: Operation
  /** Of OPERATION_SEND: the kind of channel and the address. */
  channel: string
  /** The address, which may be new to the subject. */
  to: string
  /** RFC 8176 values proven so far in this flow. */
  amr: string[]
}

export interface AssessResponse {
  /** Required. */
  verdict?: RiskVerdict
  /**
   * For the audit log: words of the risk source's own, at most 16 of 256 bytes; nothing about the person that the log
   * must not hold.
   */
  reasons?: string[]
}

/** Browser describes the consumption device. */
export interface Browser {
  /** Its IP address as the host sees it; of a phone network or an office, shared by many. */
  address: string
  /** As the browser says; believe nothing of it. */
  userAgent: string
  /** A login of the subject was completed in it before. Set in a risk request alone. */
  known: boolean
}

/** CancelResponse says nothing. */
export type CancelResponse = Record<string, never>

/** Challenge asks the person for something. */
export interface Challenge {
  /** Required. */
  view?: View
}

/** ChangeKind says what happens to a credential. */
export type ChangeKind =
  /** A new credential of the flow's subject, or of the one that Success names. */
  | 'create'
  /** Data and version are replaced; an empty handle or label keeps the old one. */
  | 'update'
  /** The credential is removed. */
  | 'revoke'

export interface CheckRequest {
  /** FAILED_PRECONDITION for one that is not configured. */
  instanceId: string
}

export interface CheckResponse {
  /** The instance can do its work now. */
  ok?: boolean
  /** For the operator, who reads it in `varco doctor`: what is wrong and what to do. No secret. */
  message?: string
}

/** Choice is a list to pick one of. */
export interface Choice {
  /** Key of the value in StepRequest.inputs; unique in the view. */
  name?: string
  /** Required. */
  label?: Text
  /** At least one. */
  options?: Option[]
  /** What is wrong with the choice made last. */
  error?: Text
}

/** Client names the relying party. */
export interface Client {
  /** The client_id. */
  id: string
  /** For display, in the page's language. */
  name: string
}

/** Configuration is the configuration of one instance. */
export interface Configuration {
  /** The operator's name of the instance: lower-case letters, digits and hyphens. */
  instanceId: string
  /** Changes with the content; opaque. */
  revision: string
  /** Valid under Description.config_schema, secrets filled in. An object, or empty for one without members. */
  json: Buffer
  /** Instance keys by name, the same on every replica. Keep them in memory alone. */
  keys: Record<string, Buffer>
}

export interface ConfigureRequest {
  /** In force once the call has succeeded; an error leaves the former one in force. */
  configuration: Configuration
}

export type ConfigureResponse = Record<string, never>

/** Credential is what a plugin stored for a subject, opened by the host for the length of one call. */
export interface Credential {
  /** Made by the host. */
  id: string
  /** Description.credential_type. */
  type: string
  /**
   * Public lookup key, unique per instance; empty when there is none. A callback or Identify finds the credential by it,
   * so it must not be guessable from another.
   */
  handle: string
  /** What the person calls it. */
  label: string
  /** The plugin's own, sealed at rest; at most 16 KiB. A form with a version, so that the next release can read it. */
  data: Buffer
  /** For the compare-and-set of a change. */
  revision: string
  /** The state_version it was written with. */
  version: number
}

/**
 * CredentialChange is committed with the step by compare-and-set: if the credential's revision is no longer
 * expected_revision, nothing of the step happens and the host reruns it on the new data.
 */
export interface CredentialChange {
  /** Required. */
  kind?: ChangeKind
  /** Empty for CHANGE_KIND_CREATE; otherwise one of StepRequest.credentials. */
  credentialId?: string
  /** At most 2 KiB; unique per instance. */
  handle?: string
  /** At most 256 bytes. */
  label?: string
  /** At most 16 KiB. */
  data?: Uint8Array
  /** The version of the data's form; at most StepContext.max_state_version. */
  version?: number
  /**
   * Credential.revision as it was handed in; 0 for CHANGE_KIND_CREATE. It is what makes a one-time code count once: of
   * two replicas that accept it at once, one loses.
   */
  expectedRevision?: string
}

/** DeliveryStatus is what became of a message. */
export type DeliveryStatus =
  /** The provider says it arrived. */
  | 'delivered'
  /** It did not and will not arrive. */
  | 'failed'
  /** The address does not exist any more: send nothing there again. */
  | 'gone'

export type DescribeRequest = Record<string, never>

export interface DescribeResponse {
  /** The same at every call, in every process. */
  description?: Description
}

/** Description is what a plugin says of itself. */
export interface Description {
  /**
   * Lower-case letters, digits and hyphens; at most 64. It names the kind of plugin; an operator gives each configured
   * instance a name of its own.
   */
  name?: string
  /** Semantic version. */
  version?: string
  /** What the plugin offers beside PluginLifecycle. A service that is listed and not there is a broken description. */
  services?: Service[]
  /**
   * Of an authenticator: at least one. All of them share one credential type, so that one bound phone can serve a push,
   * a code and a QR method.
   */
  methods?: Method[]
  /**
   * What its credentials are called in the store and in the audit log. Required when a method can enrol or credentials
   * can be imported; never changed later.
   */
  credentialType?: string
  /**
   * JSON Schema 2020-12 of an object with "additionalProperties": false. A secret carries "writeOnly": true: the
   * operator then gives it in a file or an environment variable, and the host never shows it. Empty: there is nothing to
   * configure.
   */
  configSchema?: Uint8Array
  /** By locale (BCP 47). English ("en") is required. No text may contain < or >. */
  texts?: Record<string, Record<string, string>>
  /** How long a step may take; the host allows 3 s, or up to 10 s when asked here. */
  stepTimeout?: number
  /**
   * The highest version of state and credential data that this plugin reads and writes. It must also read the one
   * before, so that an upgrade can be rolled back and replicas can be upgraded one by one. 0 when it stores nothing.
   */
  stateVersion?: number
  /** Keys that the host is to make and hand over in Configure. */
  instanceKeys?: InstanceKey[]
  /** Callback routes; none without the service Callbacks. */
  routes?: Route[]
  /** Of a delivery channel: sms, email, voice, push. */
  channelKinds?: string[]
}

/** Effect is something to do after the commit: a message to send. The same idempotency_key is queued once. */
export interface Effect {
  /** Required. Make it from StepContext.idempotency_key, so that a repeated call sends nothing twice. */
  idempotencyKey?: string
  /** The kind of delivery channel: sms, email, voice, push. */
  channel?: string
  /** Address, or empty for the subject's own. */
  to?: string
  /** Text key of the plugin's catalogue; the host renders it in the person's language. */
  template?: string
  /** Template parameters; sealed at rest. */
  params?: Record<string, string>
  /** Not sent after this. */
  expiresAt?: Date
  /**
   * The credential it goes to (a phone with a push token), one of StepRequest.credentials or empty. What becomes of the
   * delivery comes back with it by Callbacks.HandleDelivery.
   */
  credentialId?: string
}

/** Factor is one of the three kinds of proof. */
export type Factor =
  /** Something the person knows: a password, a memorable word. */
  | 'knowledge'
  /** Something they have: a phone, a token, a card. */
  | 'possession'
  /** Something they are: a fingerprint, checked on their device. */
  | 'inherence'

/** Failure says that the person did not. */
export interface Failure {
  /** Required. */
  reason?: Reason
  /**
   * Counts as a failed attempt. Set it for every answer that could have been right: what does not count can be tried for
   * ever. Never with REASON_INVALID_INPUT.
   */
  counts?: boolean
  /** The same method may be tried again, with the view. */
  retryable?: boolean
  /** What to show; absent: the host shows its own words for the reason. */
  view?: View
}

/** FieldKind chooses the autocomplete token, the input mode and the masking of a text field. */
export type FieldKind =
  /** Anything else. */
  | 'text'
  /** The name a person signs in with. */
  | 'username'
  /** A secret that exists; masked. */
  | 'password'
  /** A secret that is chosen now; masked, and password managers offer one. */
  | 'new-password'
  /** A code; phones offer it from the message. */
  | 'one-time-code'
  /** A telephone number. */
  | 'phone'
  /** An e-mail address. */
  | 'email'

export interface HandleCallbackRequest {
  /** From the path of the request. */
  instanceId: string
  /** Route.name. */
  route: string
  /** The HTTP method. */
  method: string
  /** Path and query as they came. */
  url: string
  /** Only those the route asked for. */
  header: Record<string, string[]>
  /** At most 64 KiB, as it came. Nothing but the route's own checks was done to it: verify signatures here. */
  body: Buffer
  /** DER; empty without one. */
  clientCertificate: Buffer
  /** Set when the route asks for DPoP and the proof was valid. */
  dpopThumbprint: string
  /** The credential the public handle names. */
  credential: Credential | null
  /** Flows whose last outcome of this instance was Pending and whose subject the credential belongs to, oldest first, at most 16. */
  pending: PendingFlow[]
  /** Use it instead of the clock. */
  now: Date
  /** The highest state_version that every live replica can read. Write no credential data of a higher one. */
  maxStateVersion: number
}

/** HandleCallbackResponse is committed like a step, then answered. */
export interface HandleCallbackResponse {
  /** The HTTP status: 200 to 599, but no redirection. */
  status?: number
  /** Content-Type and the like; the host adds its own. */
  header?: Record<string, string[]>
  /** At most 64 KiB. */
  body?: Uint8Array
  /** Of the credential that was handed over. */
  credentialChanges?: CredentialChange[]
  /** flow_id of one of HandleCallbackRequest.pending to data for its next Continue, which follows at once. */
  signals?: Record<string, Uint8Array>
  /** Queued in the same transaction. */
  effects?: Effect[]
  /** Of a delivery channel's route. */
  receipts?: Receipt[]
}

export interface HandleDeliveryRequest {
  /** The instance that asked for the effect. */
  instanceId: string
  /** Of the effect. */
  idempotencyKey: string
  /** What became of it. */
  status: DeliveryStatus
  /** For the operator; no address, no code. */
  reason: string
  /** The one that the effect named. */
  credential: Credential | null
  /** Use it instead of the clock. */
  now: Date
  /** The highest state_version that every live replica can read. Write no credential data of a higher one. */
  maxStateVersion: number
}

/**
 * Identify asks the host who a public handle belongs to: a method that identifies the subject found it in what the person
 * brought (the id of a passkey). The host looks the credential up by instance and handle and repeats the call, with the
 * credential and its subject, or with neither if there is none, and with the handle as StepContext.sought; it does so once a step. State, changes and effects of this answer are not
 * kept. Only for a method that identifies the subject, and only while the flow has none.
 */
export interface Identify {
  /** Credential.handle; at most 2 KiB. */
  handle?: string
}

/** Image is a PNG of at most 48 KiB. */
export interface Image {
  /** With the signature of a PNG. */
  png?: Uint8Array
  /** Required. */
  alt?: Text
}

export interface ImportCredentialsRequest {
  /** The instance that is to have them. */
  instanceId: string
  /** At most 1 MiB together. */
  inputs: ImportInput[]
}

export interface ImportCredentialsResponse {
  /** One for each input, in the same order. */
  results?: ImportResult[]
}

/** ImportInput is one credential to import. */
export interface ImportInput {
  /** Whose it is to be. */
  subject: Subject
  /** In a form the plugin documents. */
  json: Buffer
}

/** ImportResult is the credential to create, or why not. */
export interface ImportResult {
  /** With CHANGE_KIND_CREATE. */
  change?: CredentialChange
  /** For the operator; empty when change is set. */
  error?: string
}

/** InstanceKey asks the host to make, seal, rotate and hand over a key, the same on every replica. */
export interface InstanceKey {
  /** How the plugin finds it in Configuration.keys; lower-case letters, digits and hyphens. */
  name?: string
  /** "ES256" (P-256, handed over as PKCS #8) or "hmac-sha256" (32 random bytes). */
  kind?: string
}

/** Intent says why a step runs. */
export type Intent =
  /** Somebody signs in. */
  | 'login'
  /** Somebody binds a credential; only BeginEnroll and ContinueEnroll get it. */
  | 'enrol'
  /** Somebody approves a transaction; it is in StepContext.transaction and must be shown or sent to them. */
  | 'transaction'
  /** Somebody moves from an old identity store. */
  | 'migration'
  /** Somebody gets back into their account. */
  | 'recovery'

/** LegacyRequest asks an old store about one account. */
export interface LegacyRequest {
  /** The source's instance. */
  instanceId: string
  /** What the person typed as their name: any text. Quote it for the store's query language. */
  name: string
  /** Of Verify: what the person typed as their password. Never written to a log. */
  secret: string
  /** The answer to the prompt of a challenge. */
  answer: string
  /** What the challenge returned. */
  state: Buffer
  /** The same key comes twice when the host repeats a call. */
  idempotencyKey: string
}

export interface LegacyResponse {
  /** Required. */
  result?: LegacyResult
  /** Of a challenge: what to ask. */
  prompt?: Text
  /** Of a challenge: handed back with the answer. At most 16 KiB. */
  state?: Uint8Array
  /** What the store knows of the person: name, e-mail, telephone number. */
  attributes?: Record<string, string>
}

/** LegacyResult is what an old identity store says. */
export type LegacyResult =
  /** Of Lookup: known. Of Verify: known, and the secret is right. */
  | 'match'
  /** Unknown, or the secret is wrong. Take as long for the one as for the other. */
  | 'no_match'
  /** The account is blocked in the store. */
  | 'locked'
  /** Right, but the store demands a new secret. */
  | 'must_change'
  /** The store says itself that it cannot answer. One that does not answer is a gRPC status. */
  | 'unavailable'
  /** The store asks something back: prompt and state say what. */
  | 'challenge'

/** Method is one way to authenticate. The methods of a plugin share one credential type. */
export interface Method {
  /** Unique in the plugin; lower-case letters, digits and hyphens. */
  id?: string
  /** Text key: what a person calls it. */
  title?: string
  /** What one success proves. */
  factors?: Factor[]
  /** The RFC 8176 values it may claim at most; the operator can lower this ceiling, never raise it. */
  amr?: string[]
  /**
   * The first screen when it depends on nothing, not even on who the person is: the host then shows it without calling
   * Begin, and may put the user name field on top of it. Continue is then the first call, with empty state.
   */
  opening?: View
  /**
   * The method names the person itself (a passkey, federation): it may be called without a subject, answer Identify, and
   * name a subject in Success.
   */
  identifiesSubject?: boolean
  /**
   * The person can bind a credential of this method by BeginEnroll, during a login or on their own page. Otherwise
   * credentials come by ImportCredentials alone.
   */
  canEnrol?: boolean
  /** How many credentials a person may have; 0 means 1. */
  maxCredentials?: number
}

/**
 * Node is one element of a view. A host that does not know the kind treats the method as not applicable; it never
 * renders half a page.
 */
export interface Node {
  /** Input. */
  textField?: TextField
  /** Input. */
  choice?: Choice
  /** Shown. */
  qr?: QR
  /** A ceremony of the browser. */
  webauthn?: WebAuthn
  /** Shown. */
  paragraph?: Paragraph
  /** A button. */
  action?: Action
  /** Shown. */
  numberMatch?: NumberMatch
  /** Shown. */
  transaction?: TransactionView
  /** The page goes on by itself. */
  wait?: Wait
  /** Shown. */
  image?: Image
  /** Leads away. */
  redirect?: Redirect
}

/** NotApplicable says that the method cannot be used here (no credential, wrong browser), without being an attempt. */
export interface NotApplicable {
  /** Required; the host says it in its own words. */
  reason?: Reason
}

/** NumberMatch shows digits that the person types on the authentication device. */
export interface NumberMatch {
  /** One to eight digits. */
  digits?: string
  /** Required: what to do with them. */
  label?: Text
}

/** Operation is what is about to happen. */
export type Operation =
  /** Everything asked for is proven: the person is about to be signed in. */
  | 'sign_in'
  /** A message with a code is about to go to an address. */
  | 'send'
  /** An authenticator is about to be bound. */
  | 'bind'
  /** A transaction is about to be approved. */
  | 'transaction'
  /** An account is about to be recovered. */
  | 'recover'

/** Option is one entry of a Choice. */
export interface Option {
  /** What StepRequest.inputs gets. The browser may send another: check it. */
  value?: string
  /** Required. */
  label?: Text
  /** Chosen from the start. */
  selected?: boolean
}

/** Paragraph is text. */
export interface Paragraph {
  /** Required. */
  text?: Text
  /** None: plain. */
  style?: Style
}

/** Pending waits for something outside the page: an approval on a phone, another system. */
export interface Pending {
  /** Required; it should hold a Wait, which lets the page go on by itself. */
  view?: View
  /** If positive, the host calls Continue again after that time, on any replica. */
  pollAfter?: number
  /**
   * A public handle under which callbacks find this flow while it waits, beside the handles of its subject's credentials: for
   * binding, when there is no credential yet, or for another system's name of the operation. Unique per instance, at most 2 KiB.
   */
  handle?: string
}

/** PendingFlow is a flow that waits for something from outside. */
export interface PendingFlow {
  /** As at its last step; flow_id names it in HandleCallbackResponse.signals. */
  context: StepContext
  /** What the last step returned. */
  state: Buffer
  stateVersion: number
}

/** Problem is one thing wrong with a configuration. */
export interface Problem {
  /** JSON Pointer (RFC 6901) into the configuration. */
  pointer?: string
  /** English, for the operator: what to do. Never the value of a secret. */
  message?: string
}

/** QR is a code to scan. */
export interface QR {
  /** What the code holds; at most 1,000 bytes. */
  content?: string
  /** Required: not everybody can scan. */
  alt?: Text
  /** Required: the same, to type or copy. */
  typed?: string
}

/** Reason is why a step failed, for a person. */
export type Reason =
  /** The secret, code or answer is wrong. */
  | 'bad_credential'
  /** It came too late, or the state cannot be read any more: begin again. */
  | 'expired'
  /** It was right and was used before. */
  | 'replayed'
  /** The authenticator itself refuses: a card that blocked its PIN. */
  | 'locked'
  /** The subject has no credential for this method. */
  | 'not_enrolled'
  /** The person gave up. Never counts. */
  | 'user_cancelled'
  /** The person said no on their phone: somebody else may be at the browser. */
  | 'device_denied'
  /** The phone did not answer. */
  | 'device_unreachable'
  /** What was approved is not what was asked. */
  | 'transaction_mismatch'
  /** Right, but no longer allowed: it must be changed first. */
  | 'must_change'
  /** The circumstances are against it. */
  | 'risk_refused'
  /** Looks and times like REASON_BAD_CREDENTIAL to the browser. */
  | 'unknown_user'
  /** An input that could not have been right (a new password that the rules refuse). Never counts. */
  | 'invalid_input'

/** Receipt is what a delivery channel learned of a message it accepted earlier. */
export interface Receipt {
  /** SendResponse.provider_id. */
  providerId?: string
  /** Required. */
  status?: DeliveryStatus
  /** For the operator; no address, no code. */
  reason?: string
}

/** Redirect leaves the page for another origin, which must be in the instance's configuration. */
export interface Redirect {
  /** https; http on the loopback interface in development. */
  url?: string
  /** Required: the page has a button for browsers that do not follow by themselves. */
  label?: Text
}

export interface RemoveRequest {
  /** An id that is not configured is no error. */
  instanceId: string
}

export type RemoveResponse = Record<string, never>

export interface RevokeRequest {
  /** The instance that made the credential. */
  instanceId: string
  /** As it was when it was removed. It may be damaged: revoking must not fail for that. */
  credential: Credential
}

export type RevokeResponse = Record<string, never>

/** RiskVerdict is what a risk source advises. */
export type RiskVerdict =
  /** Nothing speaks against it. */
  | 'allow'
  /** Ask for more than was asked for. */
  | 'step_up'
  /** Refuse. */
  | 'deny'

/** Route is a callback path under /plugins/{instance}/. */
export interface Route {
  /** How the plugin recognises it in HandleCallbackRequest.route. */
  name?: string
  /** The HTTP method, such as POST. */
  method?: string
  /** Relative to /plugins/{instance}/, with {NAME} for a part that differs: "devices/{id}/answer". */
  path?: string
  /** Where the public handle of a credential lies: "path:NAME", "header:NAME" or "json:/pointer". */
  handleIn?: string
  /** The host verifies a DPoP proof (RFC 9449). */
  dpop?: boolean
  /** The request headers the plugin gets to see. */
  headers?: string[]
}

export interface SendRequest {
  /** The channel's instance. */
  instanceId: string
  /** The same key comes again when the host does not know what became of the first call. */
  idempotencyKey: string
  /** sms, email, voice or push. */
  kind: string
  /** A telephone number (E.164), an e-mail address, or what the effect's credential holds for a push gateway. */
  to: string
  /** Of an e-mail. */
  subject: string
  /** The whole text, in the person's language. */
  body: string
  /** Useless after this. */
  expiresAt: Date
  /** BCP 47, of the text: a voice must know how to read it. Empty when not known. */
  locale: string
  /**
   * Set when an earlier call with this key may have reached the provider, which happened no earlier than this. A channel whose
   * provider takes no key looks for that message before it sends another.
   */
  maybeSentSince: Date
}

export interface SendResponse {
  /** The provider's own id, to match a receipt. */
  providerId?: string
  /** The provider took it. Neither accepted nor permanent: the host tries another channel, then again. */
  accepted?: boolean
  /** Not accepted, and never will be. */
  permanent?: boolean
  /** For the operator; no address, no code. */
  reason?: string
  /** Not accepted because the address does not exist any more: a push token that is dead. Only with permanent. */
  gone?: boolean
}

/** Service is one of the services a plugin may offer beside PluginLifecycle. */
export type Service =
  /** Takes part in logins. */
  | 'authenticator'
  /** Binds, imports and removes credentials. */
  | 'enrollment'
  /** Answers HTTP requests from outside. */
  | 'callbacks'
  /** Reads an old identity store. */
  | 'legacy_source'
  /** Sends messages. */
  | 'delivery_channel'
  /** Judges circumstances. */
  | 'risk_source'
  /** Keeps keys. */
  | 'key_service'

export interface SignRequest {
  /** The service's instance. */
  instanceId: string
  /** As for Wrap. */
  keyId: string
  /** Of what is to be signed; the key says by which hash. */
  digest: Buffer
}

export interface SignResponse {
  /** In the form that the key's algorithm gives. */
  signature?: Uint8Array
}

/**
 * StepContext is what the host tells a plugin about the step it runs. The host sets every field; none of it comes
 * unchecked from a browser.
 */
export interface StepContext {
  /** The configured instance of the plugin. */
  instanceId: string
  /** One of Description.methods. */
  methodId: string
  /** Which configuration of the instance is in force. */
  configRevision: string
  /** Opaque; the same for every step of one login. */
  flowId: string
  /** Counts the calls of this method within the flow, from 0. */
  step: number
  /**
   * Names the call. The same key comes twice when the host repeats a call whose answer it did not get: do once what may
   * be done once, and make the keys of effects and of requests to back ends from it.
   */
  idempotencyKey: string
  /** Why the step runs. */
  intent: Intent
  /** Absent when nobody, or an unknown name, was given. Take as long for an absent subject as for a present one. */
  subject: Subject | null
  /** Set when intent is INTENT_TRANSACTION. */
  transaction: Transaction | null
  /** Use it instead of the clock: replicas have clocks of their own, and tests move it. */
  now: Date
  /** BCP 47, the page's language. */
  locale: string
  /** The relying party. */
  client: Client
  /** The consumption device. */
  browser: Browser
  /** Consecutive failures of the subject over all factors. The host throttles and blocks; a plugin need not. */
  failedAttempts: number
  /** When the flow ends. */
  expiresAt: Date
  /**
   * The highest state_version that every live replica can read. Write none higher, credential data included, so that
   * an upgrade can be rolled back.
   */
  maxStateVersion: number
  /** WebAuthn relying party id. */
  rpId: string
  /** Origins the pages are served from. */
  origins: string[]
  /**
   * Where a Redirect node's target sends the browser back by GET, with return_state as the query parameter "state"; the other
   * parameters of the query are then the inputs of Continue. An OpenID Connect redirect_uri, for one.
   */
  returnUrl: string
  /** Belongs to this flow and method alone; not guessable. */
  returnState: string
  /**
   * The subject proved who they are in this flow, or in the session it builds on. While it is false they were merely named, by
   * anybody: show nothing of them (a masked number), and answer as for an absent subject.
   */
  identified: boolean
  /**
   * The handle that Identify asked about: set when the host repeats the call, with the credential and its subject or, when nobody has
   * it, without. Then take as long for a missing credential as for a wrong one, and answer the same.
   */
  sought: string
}

/** StepRequest is one call of Begin, Continue, Cancel, BeginEnroll or ContinueEnroll. */
export interface StepRequest {
  /** Always there. */
  context: StepContext
  /** The subject's credentials of this instance, oldest first; none for an absent subject. */
  credentials: Credential[]
  /** What the last step returned; empty at the first. */
  state: Buffer
  /** The StepResponse.state_version that came with the state. */
  stateVersion: number
  /**
   * Values of the last view's fields by name, as the browser sent them: any text, bounded by the field's max_length. The
   * pressed button is the input "action".
   */
  inputs: Record<string, string>
  /** What callbacks left for this flow since the last step, oldest first; at most 16 of at most 16 KiB. */
  signals: Buffer[]
}

/**
 * StepResponse is what a step did. The host commits state, credential changes and effects in one transaction, or none
 * of it, and runs effects only after it.
 */
export interface StepResponse {
  /** Show this and wait for the person. */
  challenge?: Challenge
  /** Wait for something outside the page. */
  pending?: Pending
  /** Proven. */
  success?: Success
  /** Not proven. */
  failure?: Failure
  /** Another method is needed. */
  notApplicable?: NotApplicable
  /** Whose is this handle? */
  identify?: Identify
  /**
   * What the next step needs; at most 16 KiB. The host seals it, bound to installation, instance, flow and step, so
   * nobody else can read, change or reuse it. It is replaced as a whole: a step that leaves it empty has none.
   */
  state?: Uint8Array
  /** The version of the state's form; at most StepContext.max_state_version. */
  stateVersion?: number
  /** At most 64. */
  credentialChanges?: CredentialChange[]
  /** At most 16. */
  effects?: Effect[]
}

/** Style sets the tone of a paragraph. */
export type Style =
  /** Something went wrong; read out at once. */
  | 'error'
  /** Something to be careful about. */
  | 'warning'
  /** Something went well. */
  | 'success'

/** Subject is the subscriber the flow is about. */
export interface Subject {
  /** The OpenID Connect sub: opaque, never changes, never shown. */
  id: string
  /** The name the person signs in with, for display. */
  name: string
  /** Only those the operator lets this instance see. */
  attributes: Record<string, string>
}

/** Success says that the person proved what the method proves. The host computes acr; a plugin cannot. */
export interface Success {
  /**
   * The sub; empty means the flow's subject. Only a method that identifies the subject may name one when the flow has
   * none.
   */
  subject?: string
  /** RFC 8176 values, under the operator's ceiling. */
  amr?: string[]
  /** The credential that was used: one of StepRequest.credentials. Empty when a credential is created beside it. */
  credentialId?: string
  /** What an auditor may need to see how it was proven (a signature and what it is over); at most 16 KiB, never a secret. */
  evidence?: Uint8Array
  /** Learned about the subject, for the host to keep where the operator allows it. */
  attributes?: Record<string, string>
}

/**
 * Text is a key of the plugin's catalogue (Description.texts) with named parameters. The host resolves it: the
 * operator's override, then the person's language, its base language, English. It escapes the result; a catalogue text
 * with markup is refused.
 */
export interface Text {
  /** Key in the catalogue. Empty where a text is optional and absent. */
  key?: string
  /** Values for the {name} placeholders of the text. */
  params?: Record<string, string>
}

/** TextField is one line of input. */
export interface TextField {
  /** Key of the value in StepRequest.inputs; unique in the view. */
  name?: string
  /** Required. */
  kind?: FieldKind
  /** Required: a field without a label cannot be used with a screen reader. */
  label?: Text
  /** What to enter, read out with the label. */
  hint?: Text
  /** What is wrong with the value given last. */
  error?: Text
  /** Shown in the field. Never a secret. */
  value?: string
  /** In characters. */
  minLength?: number
  /** In characters; 0 means 512. Longer input is refused by the host, never cut. */
  maxLength?: number
  /** Show how strong a new password is. */
  strength?: boolean
  /** The person may leave it empty. The label should say so. */
  optional?: boolean
}

/** Transaction is the operation a person is asked to approve. */
export interface Transaction {
  /** A type registered in the configuration. */
  type: string
  /** Canonical JSON (RFC 8785): what an authentication code must be bound to. */
  payload: Buffer
  /** Amount, payee and so on, as shown. */
  display: Record<string, string>
}

/** TransactionRow is one line of a transaction: amount, payee. */
export interface TransactionRow {
  /** Required. */
  label?: Text
  /** As it must be read; never cut. */
  value?: string
}

/** TransactionView is a transaction as the person must see it. */
export interface TransactionView {
  /** At least one. */
  rows?: TransactionRow[]
}

export interface UnwrapRequest {
  /** The service's instance. */
  instanceId: string
  /** As for Wrap. */
  keyId: string
  /** What Wrap gave, by this or an earlier release. */
  ciphertext: Buffer
  /** What Wrap got. */
  associatedData: Buffer
}

export interface UnwrapResponse {
  /** The secret again. What does not open is an error, never another plaintext. */
  plaintext?: Uint8Array
}

export interface ValidateConfigRequest {
  /** It is not in force yet, and may never be. */
  configuration: Configuration
}

export interface ValidateConfigResponse {
  /**
   * None means that Configure will accept it. A back end that does not answer is no problem of the configuration; Check
   * tells of it.
   */
  problems?: Problem[]
}

/**
 * View is a screen: a closed list of nodes that the host renders, accessible, translated and without JavaScript. At
 * most 64 KiB. No HTML, script or template ever comes from a plugin.
 */
export interface View {
  /** The heading of the page. */
  title?: Text
  /** From top to bottom. */
  nodes?: Node[]
}

/** Wait tells that the page goes on by itself when something happens elsewhere. */
export interface Wait {
  /** Required: for what. */
  text?: Text
}

/** WebAuthn asks the host's own script for a ceremony. The answer comes as the input "webauthn". */
export interface WebAuthn {
  /** A registration ceremony; otherwise an authentication ceremony. */
  create?: boolean
  /** PublicKeyCredentialCreationOptions or PublicKeyCredentialRequestOptions as JSON. */
  options?: Uint8Array
}

export interface WrapRequest {
  /** The service's instance. */
  instanceId: string
  /** What the KMS calls the key. */
  keyId: string
  /** A secret. */
  plaintext: Buffer
  /** Must be given to Unwrap again, the same. */
  associatedData: Buffer
}

export interface WrapResponse {
  /** In a form of the plugin's own, with a version. */
  ciphertext?: Uint8Array
}
