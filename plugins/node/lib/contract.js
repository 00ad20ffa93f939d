// The wire contract, read from the .proto files of this package: what host and plugin exchange, and the services.
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { readdirSync } from 'node:fs'
import protobuf from 'protobufjs'

const folder = fileURLToPath(new URL('../proto', import.meta.url))

/** The major version: the number in the proto package, and go-plugin's application protocol version. */
export const contractVersion = 1

/** Bytes of one message, either way. */
export const maxMessage = 1 << 20

const contractFolder = `varco/plugin/v${contractVersion}`

export const contractPackage = contractFolder.replaceAll('/', '.')

/**
 * Reads the .proto files.
 * @param {protobuf.IParseOptions} [options]
 * @returns {protobuf.Root}
 */
export function load (options) {
  const root = new protobuf.Root()
  // The well-known types are built into protobufjs; everything else lies in this package, and nowhere else.
  root.resolvePath = (_, target) => (/^google\/protobuf\//.test(target) ? target : join(folder, target))
  const files = ['internal/plugin.proto', 'internal/health.proto', 'internal/status.proto']
  for (const name of readdirSync(join(folder, contractFolder)).sort()) files.push(`${contractFolder}/${name}`)
  return root.loadSync(files, options).resolveAll()
}

export const root = load()

/** @param {string} name of a message of the contract */
export const message = (name) => root.lookupType(`${contractPackage}.${name}`)

/** @param {string} name of a service of the contract */
export const service = (name) => root.lookupService(`${contractPackage}.${name}`)

const words = new Map()

/**
 * The words of an enumeration by number and back, as the Go SDK has them: REASON_BAD_CREDENTIAL is bad_credential.
 * @param {protobuf.Enum} type
 */
export function vocabulary (type) {
  let found = words.get(type)
  if (!found) {
    const prefix = type.name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase() + '_'
    const separator = type.name === 'FieldKind' ? '-' : '_'
    found = { toNumber: new Map(), toWord: new Map() }
    for (const [name, number] of Object.entries(type.values)) {
      const word = number === 0 ? '' : name.slice(prefix.length).toLowerCase().replaceAll('_', separator)
      found.toNumber.set(word, number)
      found.toWord.set(number, word)
    }
    words.set(type, found)
  }
  return found
}
