// The second error channel: technical faults as gRPC statuses. What a person did wrong is an outcome, never an error.
import { status, Metadata } from '@grpc/grpc-js'
import { root } from './contract.js'
import { log } from './log.js'

/** A technical fault, as the host reads it. Make one with the functions below. */
export class Fault extends Error {
  /**
   * @param {number} code
   * @param {string} text for the operator: no secret, no address
   * @param {Metadata} [metadata]
   */
  constructor (code, text, metadata) {
    super(text)
    this.name = 'Fault'
    this.code = code
    this.metadata = metadata
  }
}

/**
 * A back end could not be reached or broke: the host repeats the call once with the same idempotency key, then offers
 * another method. One that did not answer in time becomes DEADLINE_EXCEEDED instead, which the host does not repeat: it
 * may have acted.
 * @param {unknown} [cause]
 */
export function unavailable (cause) {
  return new Fault(timedOut(cause) ? status.DEADLINE_EXCEEDED : status.UNAVAILABLE, textOf(cause))
}

/**
 * A back end refuses more work for now.
 * @param {number} [retryAfter] milliseconds until it makes sense to come back
 */
export function resourceExhausted (retryAfter = 0) {
  const text = 'resource exhausted'
  if (!(retryAfter > 0)) return new Fault(status.RESOURCE_EXHAUSTED, text)
  const info = root.lookupType('google.rpc.RetryInfo')
  const rich = root.lookupType('google.rpc.Status')
  const seconds = Math.floor(retryAfter / 1000)
  const detail = info.encode({ retryDelay: { seconds, nanos: Math.round((retryAfter - seconds * 1000) * 1e6) } }).finish()
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', Buffer.from(rich.encode({
    code: status.RESOURCE_EXHAUSTED, message: text, details: [{ type_url: 'type.googleapis.com/google.rpc.RetryInfo', value: detail }]
  }).finish()))
  return new Fault(status.RESOURCE_EXHAUSTED, text, metadata)
}

/**
 * A call came for an instance that has no configuration in force.
 * @param {unknown} [cause]
 */
export function notConfigured (cause) {
  return new Fault(status.FAILED_PRECONDITION, textOf(cause))
}

/**
 * A compare-and-set was lost: the host reloads the credentials and runs the step again.
 * @param {unknown} [cause]
 */
export function aborted (cause) {
  return new Fault(status.ABORTED, textOf(cause))
}

/**
 * What the host is told of something thrown. Whatever is not a Fault is a bug of the plugin: its text goes to the
 * plugin's own log alone, as it may hold anything.
 * @param {unknown} thrown
 * @param {string} method
 */
export function statusOf (thrown, method) {
  if (thrown instanceof Fault) return { code: thrown.code, details: thrown.message, metadata: thrown.metadata }
  log.error('plugin threw', { method, error: thrown instanceof Error ? thrown.stack : String(thrown) })
  if (thrown?.name === 'ContractError') return { code: status.INTERNAL, details: thrown.message }
  return { code: status.INTERNAL, details: 'the plugin threw' }
}

function timedOut (cause) {
  for (let e = cause, depth = 0; e instanceof Error && depth < 8; e = e.cause, depth++) {
    if (e.name === 'TimeoutError' || e.name === 'AbortError' || /TIMEOUT|ETIMEDOUT/.test(String(e.code ?? ''))) return true
  }
  return false
}

function textOf (cause) {
  if (cause instanceof Error) return cause.message || cause.name
  return cause === undefined || cause === null ? 'no reason given' : String(cause)
}
