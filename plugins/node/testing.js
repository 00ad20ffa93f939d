// Drives a plugin in this process the way the host does: every message goes over the wire format, what a step changes is
// there at the next one, and a technical fault throws. What the host checks beyond that, `varco plugin test` checks.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { decode, encode } from './lib/codec.js'
import { root, service } from './lib/contract.js'
import { Fault } from './lib/errors.js'
import { servicesOf } from './lib/services.js'

export { Fault }

/** The instance a plugin under test is configured as. */
export const instanceId = 'under-test'

/**
 * Configures a plugin and gives what drives it.
 * @param {import('./index.js').Plugin} plugin
 * @param {unknown} [config] any JSON value
 */
export async function start (plugin, config = {}) {
  const { calls } = await servicesOf(plugin)
  const driven = new Driven(new Map(calls.map(({ path, run }) => [path, run])))
  driven.description = (await driven.call('PluginLifecycle', 'Describe', {})).description
  const configuration = {
    instanceId,
    revision: '1',
    json: Buffer.from(JSON.stringify(config)),
    keys: Object.fromEntries(driven.description.instanceKeys.map((key) => [key.name, instanceKey(key.kind)]))
  }
  const { problems } = await driven.call('PluginLifecycle', 'ValidateConfig', { configuration })
  if (problems.length > 0) throw new Error(`the configuration has problems: ${problems.map((p) => `${p.pointer} ${p.message}`).join('; ')}`)
  await driven.call('PluginLifecycle', 'Configure', { configuration })
  return driven
}

// An ES256 key comes as PKCS #8, as from the host.
function instanceKey (kind) {
  if (kind !== 'ES256') return randomBytes(32)
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'der' })
}

class Driven {
  /** What the next step is told; move it forward at will. */
  now = new Date('2026-01-02T03:04:05Z')
  /** What steps asked to send, each key once. */
  effects = []
  flows = 0

  constructor (calls) { this.calls = calls }

  /** Makes any call of the contract. The request may leave out what does not matter. */
  async call (serviceName, rpcName, request) {
    const { fullName, methods } = service(serviceName)
    const rpc = methods[rpcName]
    const run = this.calls.get(`/${fullName.slice(1)}/${rpcName}`)
    if (!run) throw new Error(`the plugin does not offer ${serviceName}`)
    const type = (resolved) => root.lookupType(String(resolved?.fullName))
    const answer = await run(encode(type(rpc.resolvedRequestType), request), { signal: new AbortController().signal })
    return decode(type(rpc.resolvedResponseType), answer)
  }

  /** A subscriber without credentials. */
  person (id) { return new Person(this, { id, name: `${id}@bank.test` }) }

  /** A login for a name that does not exist. */
  nobody (method) { return new Flow(this, null, method, 'login') }
}

class Person {
  /** As the host keeps them; change them at will. */
  credentials = []

  constructor (plugin, subject) {
    this.plugin = plugin
    this.subject = subject
    this.made = 0
  }

  /** Starts a login with a method. */
  login (method) { return new Flow(this.plugin, this, method, 'login') }

  /** Starts the binding of a credential. */
  enrol (method) { return new Flow(this.plugin, this, method, 'enrol') }

  /** Imports one credential, as an operator does. */
  async import (input) {
    const { results } = await this.plugin.call('Enrollment', 'ImportCredentials', {
      instanceId, inputs: [{ subject: this.subject, json: Buffer.from(JSON.stringify(input)) }]
    })
    if (results[0].error) throw new Error(results[0].error)
    this.commit([results[0].change])
  }

  commit (changes) {
    for (const change of changes) {
      if (change.kind === 'create') {
        this.credentials.push({
          id: `${this.subject.id}-${++this.made}`,
          type: this.plugin.description.credentialType,
          handle: change.handle,
          label: change.label,
          data: change.data,
          version: change.version,
          revision: '1'
        })
        continue
      }
      const at = this.credentials.findIndex((c) => c.id === change.credentialId)
      if (at < 0) throw new Error(`${change.kind} of a credential that was not handed in`)
      const old = this.credentials[at]
      if (old.revision !== change.expectedRevision) throw new Error(`${change.kind} expects revision ${change.expectedRevision}, handed in was ${old.revision}`)
      if (change.kind === 'revoke') this.credentials.splice(at, 1)
      else {
        this.credentials[at] = {
          ...old,
          data: change.data,
          version: change.version,
          handle: change.handle || old.handle,
          label: change.label || old.label,
          revision: String(BigInt(old.revision) + 1n)
        }
      }
    }
  }
}

class Flow {
  constructor (plugin, person, method, intent) {
    this.plugin = plugin
    this.person = person
    /** May be changed before a step. */
    this.context = {
      instanceId,
      methodId: method,
      configRevision: '1',
      flowId: `flow-${++plugin.flows}`,
      intent,
      locale: 'en',
      client: { id: 'bank', name: 'Bank' },
      browser: { address: '192.0.2.1', userAgent: 'test' },
      maxStateVersion: plugin.description.stateVersion,
      identified: person !== null, // by another factor before; set it to false for a method that comes first
      rpId: 'bank.test',
      origins: ['https://bank.test']
    }
    this.step = 0
    this.state = undefined
    this.stateVersion = undefined
  }

  /** The first step. */
  begin () { return this.#run(this.context.intent === 'enrol' ? 'BeginEnroll' : 'Begin', {}) }

  /** The next step, with what the person entered. */
  continue (inputs = {}) { return this.#run(this.context.intent === 'enrol' ? 'ContinueEnroll' : 'Continue', inputs) }

  /** The last call again, as the host makes it when it does not know what became of it. Nothing is committed. */
  repeat () { return this.#call() }

  #call () { return this.plugin.call(...this.last) }

  async #run (rpc, inputs) {
    const { plugin, person, context } = this
    const request = {
      context: {
        ...context,
        step: this.step,
        idempotencyKey: `${context.flowId}/${this.step}`,
        now: plugin.now,
        expiresAt: new Date(plugin.now.getTime() + 10 * 60 * 1000),
        subject: person?.subject
      },
      credentials: person?.credentials.map((c) => ({ ...c })),
      state: this.state,
      stateVersion: this.stateVersion,
      inputs
    }
    this.last = [context.intent === 'enrol' ? 'Enrollment' : 'Authenticator', rpc, request]
    this.step++
    const response = await this.#call()
    this.state = response.state
    this.stateVersion = response.stateVersion
    person?.commit(response.credentialChanges)
    for (const effect of response.effects) {
      if (!plugin.effects.some((old) => old.idempotencyKey === effect.idempotencyKey)) plugin.effects.push(effect)
    }
    return response
  }
}

/** What the catalogue says of a text, as a person would read it. */
export function textOf (plugin, text, locale = 'en') {
  const known = plugin.description.texts[locale]?.[text.key]
  if (known === undefined) throw new Error(`${locale} has no text ${text.key}`)
  return known.replace(/\{(\w+)\}/g, (_, name) => {
    if (!(name in text.params)) throw new Error(`${text.key} needs the parameter ${name}`)
    return text.params[name]
  })
}

/** The fields of a view by name. */
export function fieldsOf (view) {
  return Object.fromEntries(view.nodes.flatMap((node) => (node.textField ? [[node.textField.name, node.textField]] : node.choice ? [[node.choice.name, node.choice]] : [])))
}
