// The services of the contract over the functions that an author writes.
import { decode, encode } from './codec.js'
import { message, root, service } from './contract.js'
import { Fault, notConfigured } from './errors.js'
import { status } from '@grpc/grpc-js'

const nothing = () => ({})
const notEnrolled = () => ({ notApplicable: { reason: 'not_enrolled' } })

// Which functions make a service, and what stands in for one that may be left out.
const offers = {
  authenticator: { name: 'Authenticator', needs: ['begin', 'continue'], optional: { cancel: nothing } },
  enrollment: {
    name: 'Enrollment',
    needs: [],
    optional: {
      beginEnroll: notEnrolled,
      continueEnroll: notEnrolled,
      revoke: nothing,
      importCredentials: ({ inputs }) => inputs.map(() => ({ error: 'this plugin imports no credentials' }))
    }
  },
  callbacks: {
    name: 'Callbacks',
    needs: [],
    optional: { handleCallback: () => ({ status: 404 }), handleDelivery: nothing }
  },
  legacy_source: { name: 'LegacySource', needs: ['lookup', 'verify', 'markMigrated', 'restore'], optional: {} },
  delivery_channel: { name: 'DeliveryChannel', needs: ['send'], optional: {} },
  risk_source: { name: 'RiskSource', needs: ['assess'], optional: {} },
  key_service: { name: 'KeyService', needs: ['wrap', 'unwrap', 'sign'], optional: {} }
}

const lifecycle = {
  name: 'PluginLifecycle',
  needs: ['describe'],
  optional: { validateConfig: () => [], configure: nothing, remove: nothing, check: () => ({ ok: true }) }
}

// What an author gets and gives where the message is a wrapper around one thing.
const unwrap = {
  ValidateConfigRequest: (m) => m.configuration,
  ConfigureRequest: (m) => m.configuration
}
const wrap = {
  DescribeResponse: (description) => ({ description }),
  ValidateConfigResponse: (problems) => ({ problems }),
  ImportCredentialsResponse: (results) => ({ results: list(results, 'importCredentials').map(onlyError) }),
  WrapResponse: (ciphertext) => ({ ciphertext }),
  UnwrapResponse: (plaintext) => ({ plaintext }),
  SignResponse: (signature) => ({ signature })
}
// Answers that say nothing: what the function returned does not matter.
const empty = new Set(['ConfigureResponse', 'RemoveResponse', 'CancelResponse', 'RevokeResponse'])

function list (value, what) {
  if (!Array.isArray(value)) throw new TypeError(`${what} must return an array`)
  return value
}

// The host must not create what the plugin refused.
const onlyError = (result) => (result?.error ? { error: result.error } : result)

/**
 * @typedef {object} Call one remote procedure
 * @property {string} path
 * @property {(request: Uint8Array, call: {signal: AbortSignal}) => Promise<Uint8Array>} run
 */

/**
 * Looks at what an author wrote and gives the calls to answer. A mistake in it throws here, before anything is served.
 * @param {Record<string, any>} plugin
 * @returns {Promise<{calls: Call[], description: any}>}
 */
export async function servicesOf (plugin) {
  const groups = [lifecycle, ...Object.values(offers)]
  const known = new Set(groups.flatMap((g) => [...g.needs, ...Object.keys(g.optional)]))
  // An object is nothing but its functions, so one that nobody knows is misspelt; a class may have parts of its own.
  const plain = Object.getPrototypeOf(plugin) === Object.prototype
  for (const [name, value] of Object.entries(plugin)) {
    if (plain && !known.has(name)) throw new TypeError(`a plugin has no ${name}; it may have ${[...known].join(', ')}`)
    if (known.has(name) && typeof value !== 'function') throw new TypeError(`${name} must be a function`)
  }
  const given = (name) => typeof plugin[name] === 'function'
  const has = (group) => [...group.needs, ...Object.keys(group.optional)].some(given)
  const services = Object.keys(offers).filter((word) => has(offers[word]))

  // Once is enough: the description depends on nothing, so it cannot change, not even by mistake.
  const description = { ...(await plugin.describe?.()), services }
  const bytes = encode(message('DescribeResponse'), { description })
  const calls = []
  const configured = new Set()
  for (const group of [lifecycle, ...services.map((word) => offers[word])]) {
    const missing = group.needs.filter((name) => !given(name))
    if (missing.length > 0) throw new TypeError(`a plugin that offers ${group.name} needs ${missing.join(' and ')}`)
    const { fullName, methodsArray } = service(group.name)
    for (const rpc of methodsArray) {
      const name = rpc.name[0].toLowerCase() + rpc.name.slice(1)
      const run = plugin[name]?.bind(plugin) ?? group.optional[name] ?? unimplemented(rpc.name)
      calls.push({
        path: `/${fullName.slice(1)}/${rpc.name}`,
        run: name === 'describe' ? async () => bytes : procedure(rpc, run, configured)
      })
    }
  }
  return { calls, description }
}

function procedure (rpc, run, configured) {
  const request = root.lookupType(String(rpc.resolvedRequestType?.fullName))
  const response = root.lookupType(String(rpc.resolvedResponseType?.fullName))
  return async (bytes, call) => {
    const given = decode(request, bytes)
    if (!beforeConfigure.has(rpc.name) && !configured.has(given.instanceId ?? given.context?.instanceId)) {
      throw notConfigured('this instance has no configuration')
    }
    const answer = await run(unwrap[request.name]?.(given) ?? given, call)
    if (rpc.name === 'Configure') configured.add(given.configuration?.instanceId)
    if (rpc.name === 'Remove') configured.delete(given.instanceId)
    if (empty.has(response.name)) return encode(response, {})
    return encode(response, wrap[response.name]?.(answer) ?? answer)
  }
}

// Every other call is for an instance whose configuration is in force; the author's functions need not look.
const beforeConfigure = new Set(['ValidateConfig', 'Configure', 'Remove'])

// A call of a newer contract than this package knows has no function here.
const unimplemented = (name) => () => { throw new Fault(status.UNIMPLEMENTED, `this plugin does not answer ${name}`) }
