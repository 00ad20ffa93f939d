// Short ways to say what most steps say.
import { readFileSync, readdirSync } from 'node:fs'
import { notConfigured } from './errors.js'

/**
 * A text: a key of the catalogue and its parameters.
 * @param {string} key
 * @param {Record<string, string>} [params]
 */
export const t = (key, params) => (params === undefined ? { key } : { key, params })

/** A view with a title. */
export const screen = (title, ...nodes) => ({ title, nodes })

/** A line of input. */
export const field = (textField) => ({ textField })

/** A paragraph. */
export const say = (text, style) => ({ paragraph: style === undefined ? { text } : { text, style } })

/** The primary button. */
export const submit = (name, label) => ({ action: { name, label, primary: true } })

/** The response that shows a view and waits for the person. */
export const ask = (view) => ({ challenge: { view } })

/** The response that says what the person proved. */
export const success = (proven = {}) => ({ success: proven })

/** The response that says what the person did wrong. A wrong secret counts; the method may be tried again. */
export const failure = (reason, more = {}) => ({ failure: { reason, ...more } })

/** The response that says that the method cannot be used here, without being an attempt. */
export const notApplicable = (reason) => ({ notApplicable: { reason } })

/** Data for a credential or for the state of a flow, from any JSON value. */
export const pack = (value) => Buffer.from(JSON.stringify(value))

/**
 * What pack made. Anything else is a technical fault that is no bug of the plugin: one damaged row must not shut out
 * everybody. The error does not quote the data, which is a secret.
 */
export function unpack (data) {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8'))
  } catch {
    throw notConfigured('the data is not readable')
  }
}

/**
 * What a credential holds, if it is of a version that this release reads: after a rollback there may be newer ones.
 * @param {{data: Uint8Array, version: number}} credential
 * @param {number} highest
 */
export function contents (credential, highest) {
  if (credential.version > highest) throw notConfigured(`the credential is of version ${credential.version}, this release reads ${highest}`)
  const value = unpack(credential.data)
  if (typeof value !== 'object' || value === null) throw notConfigured('the data is not readable')
  return value
}

/**
 * What the last step put into the state, or undefined: at the first step, and for what this release cannot read. Answer
 * the latter with failure('expired').
 * @param {{state: Uint8Array, stateVersion: number}} request
 * @param {number} highest
 */
export function remembered (request, highest) {
  if (request.state.length === 0 || request.stateVersion > highest) return undefined
  try {
    const value = JSON.parse(Buffer.from(request.state).toString('utf8'))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * The change that stores a new credential.
 * @param {object} credential
 */
export const create = (credential) => ({ kind: 'create', ...credential })

/**
 * The change that replaces the data of a credential, if nobody changed it since it was handed in.
 * @param {{id: string, handle?: string, label?: string, revision: string}} credential
 * @param {{data: Uint8Array, version: number, handle?: string, label?: string}} changed
 */
export const update = (credential, changed) => ({
  kind: 'update',
  credentialId: credential.id,
  handle: credential.handle,
  label: credential.label,
  expectedRevision: credential.revision,
  ...changed
})

/**
 * The change that removes a credential, if nobody changed it since it was handed in.
 * @param {{id: string, revision: string}} credential
 */
export const revoke = (credential) => ({ kind: 'revoke', credentialId: credential.id, expectedRevision: credential.revision })

/**
 * Reads a catalogue from files named LOCALE.json, each one JSON object of text by key, for Description.texts.
 * @param {URL} folder ends with a slash: new URL('./texts/', import.meta.url)
 */
export function texts (folder) {
  const catalogues = {}
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.json')) {
      catalogues[name.slice(0, -'.json'.length)] = JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
    }
  }
  return catalogues
}
