// Plain objects to and from messages, led by the .proto files.
//
// What cannot be said in the contract is refused, never left out: a misspelt `counts` on a failure would be an attempt
// that nobody counts, and of two outcomes one would be dropped in silence.
import protobuf from 'protobufjs'
import { vocabulary } from './contract.js'

const integers = { uint32: 2 ** 32 - 1, int32: 2 ** 31 - 1 }

/** What a plugin said cannot be said in the contract: a bug of the plugin. */
export class ContractError extends Error {
  constructor (path, problem) {
    super(`not expressible in the plugin contract: ${path}: ${problem}`)
    this.name = 'ContractError'
  }
}

/**
 * Encodes a plain object.
 * @param {protobuf.Type} type
 * @param {object} value
 * @returns {Uint8Array}
 */
export function encode (type, value) {
  return type.encode(toMessage(type, value, type.name)).finish()
}

/**
 * Decodes a message into a plain object in which every field is there.
 * @param {protobuf.Type} type
 * @param {Uint8Array} bytes
 * @returns {any}
 */
export function decode (type, bytes) {
  return fromMessage(type, type.decode(bytes))
}

function toMessage (type, value, path) {
  if (!isPlain(value)) throw new ContractError(path, `want an object, not ${kindOf(value)}`)
  const out = {}
  for (const [name, given] of Object.entries(value)) {
    if (given === undefined || given === null) continue
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined
    if (!field) throw new ContractError(path, `there is no ${name}; there are ${Object.keys(type.fields).join(', ')}`)
    out[name] = toField(field, given, `${path}.${name}`)
  }
  for (const oneof of type.oneofsArray) {
    const set = oneof.oneof.filter((name) => name in out)
    if (set.length !== 1) {
      throw new ContractError(path, `exactly one of ${oneof.oneof.join(', ')} must be set, not ${set.join(' and ') || 'none'}`)
    }
  }
  return type.create(out)
}

function toField (field, value, path) {
  if (field.map) {
    if (!isPlain(value)) throw new ContractError(path, `want an object, not ${kindOf(value)}`)
    const inner = wrapped(field)
    return Object.fromEntries(Object.entries(value).map(([key, v]) => {
      const at = `${path}[${text(key, path)}]`
      return [key, inner ? { [inner.name]: toField(inner, v, at) } : toOne(field, v, at)]
    }))
  }
  if (field.repeated) {
    if (!Array.isArray(value)) throw new ContractError(path, `want an array, not ${kindOf(value)}`)
    return value.map((v, i) => toOne(field, v, `${path}[${i}]`))
  }
  return toOne(field, value, path)
}

function toOne (field, value, path) {
  const type = field.resolvedType
  if (type instanceof protobuf.Enum) return toNumber(type, value, path)
  if (type) {
    switch (type.fullName) {
      case '.google.protobuf.Timestamp': return toTimestamp(value, path)
      case '.google.protobuf.Duration': return toDuration(value, path)
    }
    return toMessage(type, value, path)
  }
  switch (field.type) {
    case 'string': return text(value, path)
    case 'bool': return want(typeof value === 'boolean', value, path, 'true or false')
    case 'bytes': return want(value instanceof Uint8Array, value, path, 'bytes (a Buffer or Uint8Array)')
    case 'uint64': return want(typeof value === 'string' && /^\d{1,20}$/.test(value), value, path, 'the revision as it was handed in')
    case 'uint32':
    case 'int32': return want(Number.isInteger(value) && value >= 0 && value <= integers[field.type], value, path, 'a whole number from 0')
  }
  throw new ContractError(path, `this version of @varco/plugin cannot send a ${field.type}`)
}

function want (ok, value, path, what) {
  if (!ok) throw new ContractError(path, `want ${what}, not ${kindOf(value)}`)
  return value
}

function text (value, path) {
  want(typeof value === 'string', value, path, 'a string')
  // Half a character pair has no UTF-8, and the host would refuse the whole answer without a word about where.
  if (!value.isWellFormed()) throw new ContractError(path, 'not well-formed Unicode')
  return value
}

function toNumber (type, value, path) {
  const { toNumber: numbers } = vocabulary(type)
  if (numbers.has(value)) return numbers.get(value)
  const unknown = typeof value === 'string' && /^#(\d+)$/.exec(value)
  if (unknown) return Number(unknown[1])
  throw new ContractError(path, `${JSON.stringify(value)} is none of ${[...numbers.keys()].filter(Boolean).join(', ')}`)
}

function toTimestamp (value, path) {
  want(value instanceof Date && !Number.isNaN(value.getTime()), value, path, 'a valid Date')
  const ms = value.getTime()
  const seconds = Math.floor(ms / 1000)
  return { seconds, nanos: (ms - seconds * 1000) * 1e6 }
}

function toDuration (value, path) {
  want(typeof value === 'number' && Number.isFinite(value) && value >= 0, value, path, 'milliseconds, 0 or more')
  const ms = Math.round(value)
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 }
}

function fromMessage (type, m) {
  const out = {}
  for (const field of type.fieldsArray) {
    const given = m[field.name]
    if (field.map) {
      // Without a prototype: no name that comes from outside is ever found to be a function.
      out[field.name] = Object.create(null)
      const inner = wrapped(field)
      for (const key of Object.keys(given)) {
        const value = fromOne(field, given[key])
        out[field.name][key] = inner ? value[inner.name] : value
      }
    } else if (field.repeated) {
      out[field.name] = given.map((v) => fromOne(field, v))
    } else if (field.partOf) {
      if (given !== null && given !== undefined && Object.hasOwn(m, field.name)) out[field.name] = fromOne(field, given)
    } else {
      out[field.name] = fromOne(field, given)
    }
  }
  return out
}

function fromOne (field, value) {
  const type = field.resolvedType
  if (type instanceof protobuf.Enum) return vocabulary(type).toWord.get(value) ?? `#${value}`
  if (type) {
    if (value === null || value === undefined) return null
    switch (type.fullName) {
      case '.google.protobuf.Timestamp': return new Date(Number(value.seconds) * 1000 + Math.floor(value.nanos / 1e6))
      case '.google.protobuf.Duration': return Number(value.seconds) * 1000 + value.nanos / 1e6
    }
    return fromMessage(type, value)
  }
  if (field.type === 'bytes') return Buffer.from(value)
  if (field.type === 'uint64') return String(value)
  return value
}

/**
 * Protobuf has no map of maps or of lists and wraps them in a message of one field; here they are what they are.
 * @param {protobuf.Field} field
 * @returns {protobuf.Field | undefined}
 */
export function wrapped (field) {
  const type = field.resolvedType
  if (!field.map || !(type instanceof protobuf.Type) || type.fieldsArray.length !== 1) return undefined
  const [only] = type.fieldsArray
  return only.map || only.repeated ? only : undefined
}

function isPlain (value) {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

// Says what a value is without saying the value: it may be a secret.
function kindOf (value) {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return `a ${value.constructor?.name ?? 'object'}`
  return `a ${typeof value}`
}
