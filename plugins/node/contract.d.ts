// Made by tools/types.js from proto/varco/plugin/v1: change the comments there.
//
// What a plugin gets has every field; a message that may be absent is null. What a plugin gives may leave out any.
// Times are Dates, durations are milliseconds, revisions are strings of digits.

/** Action is a button. Pressing it sends the form with the input "action" set to name. */
export interface Action {
  name?: string
  label?: Text
  primary?: boolean
  /** Send without checking the fields. */
  skip?: boolean
}

export interface AssessRequest {
  /** method_id is that of the method about to act, empty for OPERATION_SIGN_IN. */
  context: StepContext
  operation: Operation
  /** Of OPERATION_SEND: the kind of channel and the address. */
  channel: string
  to: string
  /** RFC 8176 values proven so far in this flow. */
  amr: string[]
}

export interface AssessResponse {
  verdict?: RiskVerdict
  /** Audited. */
  reasons?: string[]
}

/** Browser describes the consumption device. */
export interface Browser {
  address: string
  userAgent: string
  /** A login of the subject was completed in it before. Set in a risk request alone. */
  known: boolean
}

export type CancelResponse = Record<string, never>

/** Challenge asks the person for something. */
export interface Challenge {
  view?: View
}

/** ChangeKind says what happens to a credential. */
export type ChangeKind =
  | 'create'
  | 'update'
  | 'revoke'

export interface CheckRequest {
  instanceId: string
}

export interface CheckResponse {
  ok?: boolean
  /** For the operator. */
  message?: string
}

/** Choice is a list to pick one of. */
export interface Choice {
  name?: string
  label?: Text
  options?: Option[]
  error?: Text
}

/** Client names the relying party. */
export interface Client {
  id: string
  name: string
}

/** Configuration is the configuration of one instance. */
export interface Configuration {
  instanceId: string
  revision: string
  /** Valid under Description.config_schema, secrets filled in. */
  json: Buffer
  /** Instance keys by name. */
  keys: Record<string, Buffer>
}

export interface ConfigureRequest {
  configuration: Configuration
}

export type ConfigureResponse = Record<string, never>

/** Credential is what a plugin stored for a subject, opened by the host for the length of one call. */
export interface Credential {
  /** Made by the host. */
  id: string
  /** Description.credential_type. */
  type: string
  /** Public lookup key, unique per instance; empty when there is none. */
  handle: string
  /** What the person calls it. */
  label: string
  /** The plugin's own, sealed at rest; at most 16 KiB. */
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
  kind?: ChangeKind
  /** Empty for CHANGE_KIND_CREATE; otherwise one of StepRequest.credentials. */
  credentialId?: string
  /** At most 2 KiB. */
  handle?: string
  /** At most 256 bytes. */
  label?: string
  /** At most 16 KiB. */
  data?: Uint8Array
  version?: number
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
  description?: Description
}

/** Description is what a plugin says of itself. */
export interface Description {
  /** Lower-case letters, digits and hyphens; at most 64. */
  name?: string
  /** Semantic version. */
  version?: string
  services?: Service[]
  methods?: Method[]
  credentialType?: string
  /** JSON Schema 2020-12; a secret carries "writeOnly": true. */
  configSchema?: Uint8Array
  /** By locale (BCP 47). English ("en") is required. No text may contain < or >. */
  texts?: Record<string, Record<string, string>>
  /** How long a step may take; the host allows 3 s, or up to 10 s when asked here. */
  stepTimeout?: number
  /** The highest version of state and credential data that this plugin reads and writes. */
  stateVersion?: number
  instanceKeys?: InstanceKey[]
  routes?: Route[]
  /** Of a delivery channel: sms, email, voice, push. */
  channelKinds?: string[]
}

/** Effect is something to do after the commit: a message to send. The same idempotency_key is queued once. */
export interface Effect {
  idempotencyKey?: string
  /** The kind of delivery channel: sms, email, voice, push. */
  channel?: string
  /** Address, or empty for the subject's own. */
  to?: string
  /** Text key of the instance's catalogue. */
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
  | 'knowledge'
  | 'possession'
  | 'inherence'

/** Failure says that the person did not. */
export interface Failure {
  reason?: Reason
  /** Counts as a failed attempt. */
  counts?: boolean
  /** The same method may be tried again. */
  retryable?: boolean
  /** What to show; absent: the host shows its own words for the reason. */
  view?: View
}

/** FieldKind chooses the autocomplete token, the input mode and the masking of a text field. */
export type FieldKind =
  | 'text'
  | 'username'
  | 'password'
  | 'new-password'
  | 'one-time-code'
  | 'phone'
  | 'email'

export interface HandleCallbackRequest {
  instanceId: string
  /** Route.name. */
  route: string
  method: string
  url: string
  /** Only those the route asked for. */
  header: Record<string, string[]>
  body: Buffer
  /** DER; empty without one. */
  clientCertificate: Buffer
  /** Set when the route asks for DPoP and the proof was valid. */
  dpopThumbprint: string
  /** The credential the public handle names. */
  credential: Credential | null
  /** Flows whose last outcome of this instance was Pending and whose subject the credential belongs to, oldest first, at most 16. */
  pending: PendingFlow[]
  now: Date
  /** The highest state_version that every live replica can read. Write no credential data of a higher one. */
  maxStateVersion: number
}

/** HandleCallbackResponse is committed like a step, then answered. */
export interface HandleCallbackResponse {
  status?: number
  header?: Record<string, string[]>
  body?: Uint8Array
  credentialChanges?: CredentialChange[]
  /** flow_id of one of HandleCallbackRequest.pending to data for its next Continue, which follows at once. */
  signals?: Record<string, Uint8Array>
  effects?: Effect[]
  /** Of a delivery channel's route. */
  receipts?: Receipt[]
}

export interface HandleDeliveryRequest {
  instanceId: string
  /** Of the effect. */
  idempotencyKey: string
  status: DeliveryStatus
  /** For the operator; no address, no code. */
  reason: string
  credential: Credential | null
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
  handle?: string
}

/** Image is a PNG of at most 48 KiB. */
export interface Image {
  png?: Uint8Array
  /** Required. */
  alt?: Text
}

export interface ImportCredentialsRequest {
  instanceId: string
  inputs: ImportInput[]
}

export interface ImportCredentialsResponse {
  /** One for each input, in the same order. */
  results?: ImportResult[]
}

/** ImportInput is one credential to import. */
export interface ImportInput {
  subject: Subject
  /** In a form the plugin documents. */
  json: Buffer
}

/** ImportResult is the credential to create, or why not. */
export interface ImportResult {
  change?: CredentialChange
  /** For the operator; empty when change is set. */
  error?: string
}

/** InstanceKey asks the host to make, seal, rotate and hand over a key, the same on every replica. */
export interface InstanceKey {
  name?: string
  /** "ES256" or "hmac-sha256". */
  kind?: string
}

/** Intent says why a step runs. */
export type Intent =
  | 'login'
  | 'enrol'
  | 'transaction'
  | 'migration'
  | 'recovery'

/** LegacyRequest asks an old store about one account. */
export interface LegacyRequest {
  instanceId: string
  name: string
  secret: string
  /** The answer to the prompt of a challenge. */
  answer: string
  /** What the challenge returned. */
  state: Buffer
  idempotencyKey: string
}

export interface LegacyResponse {
  result?: LegacyResult
  /** Of a challenge: what to ask. */
  prompt?: Text
  /** Of a challenge: handed back with the answer. At most 16 KiB. */
  state?: Uint8Array
  attributes?: Record<string, string>
}

/** LegacyResult is what an old identity store says. */
export type LegacyResult =
  | 'match'
  | 'no_match'
  | 'locked'
  | 'must_change'
  | 'unavailable'
  | 'challenge'

/** Method is one way to authenticate. The methods of a plugin share one credential type. */
export interface Method {
  /** Unique in the plugin; lower-case letters, digits and hyphens. */
  id?: string
  /** Text key: what a person calls it. */
  title?: string
  /** What one success proves. */
  factors?: Factor[]
  /** The RFC 8176 values it may claim. */
  amr?: string[]
  /** The first screen when it depends on nothing: the host then shows it without calling Begin. */
  opening?: View
  /** The method names the person itself (a passkey, federation). */
  identifiesSubject?: boolean
  /** The person can bind a credential of this method by BeginEnroll. */
  canEnrol?: boolean
  /** How many credentials a person may have; 0 means 1. */
  maxCredentials?: number
}

/**
 * Node is one element of a view. A host that does not know the kind treats the method as not applicable; it never
 * renders half a page.
 */
export interface Node {
  textField?: TextField
  choice?: Choice
  qr?: QR
  webauthn?: WebAuthn
  paragraph?: Paragraph
  action?: Action
  numberMatch?: NumberMatch
  transaction?: TransactionView
  wait?: Wait
  image?: Image
  redirect?: Redirect
}

/** NotApplicable says that the method cannot be used here (no credential, wrong browser), without being an attempt. */
export interface NotApplicable {
  reason?: Reason
}

/** NumberMatch shows digits that the person types on the authentication device. */
export interface NumberMatch {
  digits?: string
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
  value?: string
  label?: Text
  selected?: boolean
}

/** Paragraph is text. */
export interface Paragraph {
  text?: Text
  style?: Style
}

/** Pending waits for something outside the page: an approval on a phone, another system. */
export interface Pending {
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
  | 'bad_credential'
  | 'expired'
  | 'replayed'
  | 'locked'
  | 'not_enrolled'
  | 'user_cancelled'
  | 'device_denied'
  | 'device_unreachable'
  | 'transaction_mismatch'
  | 'must_change'
  | 'risk_refused'
  /** Looks and times like REASON_BAD_CREDENTIAL to the browser. */
  | 'unknown_user'
  /** An input that could not have been right (a new password that the rules refuse). Never counts. */
  | 'invalid_input'

/** Receipt is what a delivery channel learned of a message it accepted earlier. */
export interface Receipt {
  /** SendResponse.provider_id. */
  providerId?: string
  status?: DeliveryStatus
  /** For the operator; no address, no code. */
  reason?: string
}

/** Redirect leaves the page for another origin, which must be in the instance's configuration. */
export interface Redirect {
  url?: string
  label?: Text
}

export interface RemoveRequest {
  instanceId: string
}

export type RemoveResponse = Record<string, never>

export interface RevokeRequest {
  instanceId: string
  credential: Credential
}

export type RevokeResponse = Record<string, never>

/** RiskVerdict is what a risk source advises. */
export type RiskVerdict =
  | 'allow'
  | 'step_up'
  | 'deny'

/** Route is a callback path under /plugins/{instance}/. */
export interface Route {
  name?: string
  /** The HTTP method. */
  method?: string
  path?: string
  /** Where the public handle of a credential lies: "path:NAME", "header:NAME" or "json:/pointer". */
  handleIn?: string
  /** The host verifies a DPoP proof (RFC 9449). */
  dpop?: boolean
  /** The request headers the plugin gets to see. */
  headers?: string[]
}

export interface SendRequest {
  instanceId: string
  /** The same key comes again when the host does not know what became of the first call. */
  idempotencyKey: string
  /** sms, email, voice or push. */
  kind: string
  to: string
  subject: string
  body: string
  /** Useless after this. */
  expiresAt: Date
}

export interface SendResponse {
  /** The provider's own id, to match a receipt. */
  providerId?: string
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
  | 'authenticator'
  | 'enrollment'
  | 'callbacks'
  | 'legacy_source'
  | 'delivery_channel'
  | 'risk_source'
  | 'key_service'

export interface SignRequest {
  instanceId: string
  keyId: string
  digest: Buffer
}

export interface SignResponse {
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
  /** The same key comes twice when the host repeats a call: do once what may be done once. */
  idempotencyKey: string
  intent: Intent
  /** Absent when nobody, or an unknown name, was given. Take as long for an absent subject as for a present one. */
  subject: Subject | null
  /** Set when intent is INTENT_TRANSACTION. */
  transaction: Transaction | null
  /** Use it instead of the clock. */
  now: Date
  /** BCP 47, the page's language. */
  locale: string
  /** The relying party. */
  client: Client
  /** The consumption device. */
  browser: Browser
  /** Consecutive failures of the subject over all factors. */
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
  context: StepContext
  credentials: Credential[]
  /** What the last step returned; empty at the first. */
  state: Buffer
  stateVersion: number
  /** Values of the view's fields by name. */
  inputs: Record<string, string>
  /** What callbacks left for this flow since the last step, oldest first; at most 16 of at most 16 KiB. */
  signals: Buffer[]
}

/**
 * StepResponse is what a step did. The host commits state, credential changes and effects in one transaction, or none
 * of it, and runs effects only after it.
 */
export interface StepResponse {
  challenge?: Challenge
  pending?: Pending
  success?: Success
  failure?: Failure
  notApplicable?: NotApplicable
  identify?: Identify
  /** At most 16 KiB. The host seals it, bound to installation, instance, flow and step. */
  state?: Uint8Array
  stateVersion?: number
  credentialChanges?: CredentialChange[]
  effects?: Effect[]
}

/** Style sets the tone of a paragraph. */
export type Style =
  | 'error'
  | 'warning'
  | 'success'

/** Subject is the subscriber the flow is about. */
export interface Subject {
  /** The OpenID Connect sub. */
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
  /** The credential that was used. */
  credentialId?: string
  /** Kept for the auditor; never a secret. */
  evidence?: Uint8Array
  /** Learned about the subject. */
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
  /** Key of the value in StepRequest.inputs. */
  name?: string
  kind?: FieldKind
  /** Required: a field without a label cannot be used with a screen reader. */
  label?: Text
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
  /** Canonical JSON. */
  payload: Buffer
  /** Amount, payee and so on, as shown. */
  display: Record<string, string>
}

/** TransactionRow is one line of a transaction: amount, payee. */
export interface TransactionRow {
  label?: Text
  value?: string
}

/** TransactionView is a transaction as the person must see it. */
export interface TransactionView {
  rows?: TransactionRow[]
}

export interface UnwrapRequest {
  instanceId: string
  keyId: string
  ciphertext: Buffer
  associatedData: Buffer
}

export interface UnwrapResponse {
  plaintext?: Uint8Array
}

export interface ValidateConfigRequest {
  configuration: Configuration
}

export interface ValidateConfigResponse {
  problems?: Problem[]
}

/**
 * View is a screen: a closed list of nodes that the host renders, accessible, translated and without JavaScript. At
 * most 64 KiB. No HTML, script or template ever comes from a plugin.
 */
export interface View {
  title?: Text
  nodes?: Node[]
}

/** Wait tells that the page goes on by itself when something happens elsewhere. */
export interface Wait {
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
  instanceId: string
  keyId: string
  plaintext: Buffer
  associatedData: Buffer
}

export interface WrapResponse {
  ciphertext?: Uint8Array
}
