// Writes contract.d.ts from the .proto files: the TypeScript types of what a plugin gets and gives, with their comments.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import { contractPackage, load, vocabulary } from '../lib/contract.js'
import { wrapped } from '../lib/codec.js'

const scalars = { string: 'string', bool: 'boolean', bytes: 'Uint8Array', uint64: 'string', uint32: 'number', int32: 'number' }

// The messages of a request that may be absent; the host sets every other.
const absent = new Set(['StepContext.subject', 'StepContext.transaction', 'HandleCallbackRequest.credential', 'HandleDeliveryRequest.credential'])

/** The whole file. */
export function types () {
  const root = load({ alternateCommentMode: true, preferTrailingComment: false })
  const contract = root.lookup(contractPackage)
  const given = new Set()
  const answered = new Set()
  for (const service of contract.nestedArray.filter((n) => n instanceof protobuf.Service)) {
    for (const rpc of service.methodsArray) {
      reach(rpc.resolvedRequestType, given)
      reach(rpc.resolvedResponseType, answered)
    }
  }
  const parts = []
  for (const type of [...contract.nestedArray].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (type instanceof protobuf.Enum) parts.push(enumeration(type))
    if (type instanceof protobuf.Type && (given.has(type) || answered.has(type))) parts.push(message(type, answered.has(type)))
  }
  return `// Made by tools/types.js from proto/${contractPackage.replaceAll('.', '/')}: change the comments there.
//
// What a plugin gets has every field; a message that may be absent is null. What a plugin gives may leave out any.
// Times are Dates, durations are milliseconds, revisions are strings of digits.

${parts.join('\n\n')}
`
}

function reach (type, seen) {
  if (!(type instanceof protobuf.Type) || !type.fullName.startsWith(`.${contractPackage}.`) || seen.has(type)) return
  seen.add(type)
  for (const field of type.fieldsArray) {
    const inner = wrapped(field)
    reach(inner ? inner.resolvedType : field.resolvedType, seen)
  }
}

function enumeration (type) {
  const { toWord } = vocabulary(type)
  const values = Object.entries(type.values).filter(([, number]) => number !== 0)
    .map(([name, number]) => `${comment(type.comments[name], '  ')}  | ${quote(toWord.get(number))}`)
  return `${comment(type.comment)}export type ${type.name} =\n${values.join('\n')}`
}

function message (type, answer) {
  const fields = type.fieldsArray.map((field) => {
    const missing = answer || field.partOf ? '?' : ''
    return `${comment(field.comment, '  ')}  ${field.name}${missing}: ${typeOf(field, answer)}`
  })
  if (fields.length === 0) return `${comment(type.comment)}export type ${type.name} = Record<string, never>`
  return `${comment(type.comment)}export interface ${type.name} {\n${fields.join('\n')}\n}`
}

function typeOf (field, answer) {
  const inner = wrapped(field)
  if (inner) return `Record<string, ${typeOf(inner, answer)}>`
  const one = nameOf(field, answer)
  if (field.map) return `Record<string, ${one}>`
  if (field.repeated) return /^\w+$/.test(one) ? `${one}[]` : `Array<${one}>`
  return absent.has(`${field.parent.name}.${field.name}`) ? `${one} | null` : one
}

function nameOf (field, answer) {
  const type = field.resolvedType
  if (!type) return field.type === 'bytes' && !answer ? 'Buffer' : scalars[field.type]
  switch (type.fullName) {
    case '.google.protobuf.Timestamp': return 'Date'
    case '.google.protobuf.Duration': return 'number'
  }
  return type.name
}

const quote = (text) => `'${text}'`

function comment (text, indent = '') {
  if (!text) return ''
  const lines = text.split('\n').map((line) => `${indent} * ${line.trim()}`.trimEnd())
  return lines.length === 1 ? `${indent}/** ${text.trim()} */\n` : `${indent}/**\n${lines.join('\n')}\n${indent} */\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../contract.d.ts', import.meta.url), types())
}
