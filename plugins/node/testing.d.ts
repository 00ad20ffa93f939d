import type { Credential, CredentialChange, Description, Effect, Plugin, StepContext, StepResponse, Subject, Text, TextField, Choice, View } from './index.js'

export { Fault } from './index.js'

/** The instance a plugin under test is configured as. */
export const instanceId: string

/** Configures a plugin in this process and gives what drives it. */
export function start(plugin: Plugin, config?: unknown): Promise<Driven>

export interface Driven {
  readonly description: Description
  /** What the next step is told; move it forward at will. */
  now: Date
  /** What steps asked to send, each key once. */
  readonly effects: Effect[]
  /** Makes any call of the contract, such as call('DeliveryChannel', 'Send', {…}). */
  call(service: string, rpc: string, request: object): Promise<any>
  /** A subscriber without credentials. */
  person(id: string): Person
  /** A login for a name that does not exist. */
  nobody(method: string): Flow
}

export interface Person {
  readonly subject: Pick<Subject, 'id' | 'name'>
  /** As the host keeps them. */
  credentials: Credential[]
  login(method: string): Flow
  enrol(method: string): Flow
  /** Imports one credential, as an operator does. */
  import(input: unknown): Promise<void>
  /** Does what the host's transaction does. */
  commit(changes: CredentialChange[]): void
}

export interface Flow {
  /** May be changed before a step. */
  context: Partial<StepContext>
  begin(): Promise<StepResponse>
  continue(inputs?: Record<string, string>): Promise<StepResponse>
  /** The last call again, as the host makes it when it does not know what became of it. Nothing is committed. */
  repeat(): Promise<StepResponse>
}

/** What a person reads. */
export function textOf(plugin: Driven, text: Text, locale?: string): string
/** The fields of a view by name. */
export function fieldsOf(view: View): Record<string, TextField | Choice>
