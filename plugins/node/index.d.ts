/// <reference types="node" />
import type {
  AssessRequest, AssessResponse, CheckRequest, CheckResponse, Configuration, Credential, CredentialChange, Description, Failure,
  HandleCallbackRequest, HandleCallbackResponse, HandleDeliveryRequest, ImportCredentialsRequest, ImportResult, LegacyRequest,
  LegacyResponse, Node, Problem, Reason, RemoveRequest, RevokeRequest, SendRequest, SendResponse, SignRequest, StepRequest,
  StepResponse, Style, Success, Text, TextField, UnwrapRequest, View, WrapRequest
} from './contract.d.ts'

export type * from './contract.d.ts'

/** What comes beside a request. */
export interface Call {
  /** Aborted when the host gives up. Hand it to fetch and to drivers: what goes on after the deadline is wasted. */
  signal: AbortSignal
}

type Answer<T> = T | Promise<T>
type Step = (request: StepRequest, call: Call) => Answer<StepResponse>

/**
 * The functions a plugin may have. Each service is offered when one of its functions is there. But for describe, validateConfig,
 * configure and remove, they are called only for instances whose configuration is in force.
 */
export interface Plugin {
  /** Called once, at the start and before any configuration. `services` is filled in. */
  describe(): Answer<Omit<Description, 'services'>>
  /** What is wrong with a configuration beyond its schema. */
  validateConfig?(configuration: Configuration, call: Call): Answer<Problem[]>
  /** Puts a configuration in force for its instance. */
  configure?(configuration: Configuration, call: Call): Answer<void>
  /** Forgets an instance. */
  remove?(request: RemoveRequest, call: Call): Answer<void>
  /** Says whether an instance can work now. Left out: it can. */
  check?(request: CheckRequest, call: Call): Answer<CheckResponse>

  /** Authenticator; needs continue too. */
  begin?: Step
  continue?: Step
  /** The flow went another way; nothing this does may be needed. */
  cancel?(request: StepRequest, call: Call): Answer<void>

  /** Enrollment. Left out: nothing can be bound on a page. */
  beginEnroll?: Step
  continueEnroll?: Step
  /** After the host removed a credential, for what lies outside. */
  revoke?(request: RevokeRequest, call: Call): Answer<void>
  /** One result for each input. Left out: nothing can be imported. */
  importCredentials?(request: ImportCredentialsRequest, call: Call): Answer<ImportResult[]>

  /** Callbacks. */
  handleCallback?(request: HandleCallbackRequest, call: Call): Answer<HandleCallbackResponse>
  handleDelivery?(request: HandleDeliveryRequest, call: Call): Answer<HandleCallbackResponse>

  /** LegacySource; needs all four. */
  lookup?(request: LegacyRequest, call: Call): Answer<LegacyResponse>
  verify?(request: LegacyRequest, call: Call): Answer<LegacyResponse>
  markMigrated?(request: LegacyRequest, call: Call): Answer<LegacyResponse>
  restore?(request: LegacyRequest, call: Call): Answer<LegacyResponse>

  /** DeliveryChannel. */
  send?(request: SendRequest, call: Call): Answer<SendResponse>

  /** RiskSource. */
  assess?(request: AssessRequest, call: Call): Answer<AssessResponse>

  /** KeyService; needs all three. */
  wrap?(request: WrapRequest, call: Call): Answer<Uint8Array>
  unwrap?(request: UnwrapRequest, call: Call): Answer<Uint8Array>
  sign?(request: SignRequest, call: Call): Answer<Uint8Array>
}

/** Offers the plugin to the host that started this process. The process ends when the host says so, or is gone. */
export function serve(plugin: Plugin): Promise<void>

/** The major version of the contract. */
export const contractVersion: number

/** The plugin's log. Say a constant message with fields; never a secret, a code or an address. */
export const log: Record<'debug' | 'info' | 'warn' | 'error', (text: string, fields?: Record<string, unknown>) => void>

/** A technical fault: it never counts as a failed attempt and never lets anyone in. */
export class Fault extends Error {
  readonly code: number
}
/** A back end could not be reached or broke; one that did not answer in time is told apart. */
export function unavailable(cause?: unknown): Fault
/** A back end refuses more work for now; retryAfter is in milliseconds. */
export function resourceExhausted(retryAfter?: number): Fault
/** A call came for an instance that has no configuration in force. */
export function notConfigured(cause?: unknown): Fault
/** A compare-and-set was lost: the host reloads the credentials and runs the step again. */
export function aborted(cause?: unknown): Fault

/** A text: a key of the catalogue and its parameters. */
export function t(key: string, params?: Record<string, string>): Text
/** A view with a title. */
export function screen(title: Text, ...nodes: Node[]): View
/** A line of input. */
export function field(textField: TextField): Node
/** A paragraph. */
export function say(text: Text, style?: Style): Node
/** The primary button. */
export function submit(name: string, label: Text): Node
/** The response that shows a view and waits for the person. */
export function ask(view: View): StepResponse
/** The response that says what the person proved. */
export function success(proven?: Success): StepResponse
/** The response that says what the person did wrong. A wrong secret counts. */
export function failure(reason: Reason, more?: Omit<Failure, 'reason'>): StepResponse
/** The response that says that the method cannot be used here, without being an attempt. */
export function notApplicable(reason: Reason): StepResponse
/** The change that stores a new credential. */
export function create(credential: Omit<CredentialChange, 'kind' | 'credentialId' | 'expectedRevision'>): CredentialChange
/** The change that replaces a credential's data, if nobody changed it since it was handed in. */
export function update(credential: Credential, changed: Pick<CredentialChange, 'data' | 'version' | 'handle' | 'label'>): CredentialChange
/** The change that removes a credential, if nobody changed it since it was handed in. */
export function revoke(credential: Credential): CredentialChange
/** Bytes for a credential or a state, from any JSON value. */
export function pack(value: unknown): Buffer
/** What pack made; anything else is a technical fault. */
export function unpack(data: Uint8Array): any
/** What a credential holds, if it is of a version that this release reads; anything else is a technical fault. */
export function contents(credential: Credential, highest: number): any
/** What the last step put into the state; undefined at the first step, and for what this release cannot read. */
export function remembered(request: StepRequest, highest: number): any
/** Reads a configuration strictly, against defaults and required settings. */
export function readConfig<T extends object>(configuration: Configuration, defaults: T,
  required?: Record<string, 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'>): { value: T & Record<string, any>, problems: Array<Required<Problem>> }
/** A catalogue from files named LOCALE.json in a folder: new URL('./texts/', import.meta.url). */
export function texts(folder: URL): Record<string, Record<string, string>>
