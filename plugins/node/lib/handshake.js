// go-plugin's handshake: how host and plugin recognise each other before they talk.
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contractVersion } from './contract.js'

const coreProtocol = 1

// The cookie protects a person who starts a plugin by hand, nothing else: what authenticates the two sides is mutual TLS.
const cookieName = 'VARCO_PLUGIN'
const cookieValue = '6f0bd8a1-authentication-step'

/** @param {NodeJS.ProcessEnv} environment */
export const startedByHost = (environment) => environment[cookieName] === cookieValue

/**
 * What the host asks for.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {{directory: string, hostCertificate: X509Certificate | null}}
 */
export function readEnvironment (environment) {
  const versions = (environment.PLUGIN_PROTOCOL_VERSIONS ?? '').split(',').filter(Boolean).map(Number)
  if (versions.length > 0 && !versions.includes(contractVersion)) {
    throw new Error(`the host speaks version ${versions.join(', ')} of the contract, this plugin version ${contractVersion}`)
  }
  const pem = environment.PLUGIN_CLIENT_CERT ?? ''
  return {
    directory: environment.PLUGIN_UNIX_SOCKET_DIR || mkdtempSync(join(tmpdir(), 'varco-plugin-')),
    hostCertificate: pem === '' ? null : new X509Certificate(pem)
  }
}

/**
 * The one line on standard output. The certificate is in base64 without padding, as go-plugin reads it.
 * @param {string} socket path
 * @param {Buffer | null} certificate DER
 */
export function handshakeLine (socket, certificate) {
  const encoded = certificate === null ? '' : certificate.toString('base64').replace(/=+$/, '')
  return [coreProtocol, contractVersion, 'unix', socket, 'grpc', encoded].join('|') + '\n'
}

/**
 * What a person sees who starts the program by hand.
 * @param {string} name
 * @param {string} version
 */
export function explanation (name, version) {
  const node = realpathSync(process.execPath)
  const main = process.argv[1] ? realpathSync(process.argv[1]) : 'main.js'
  const digest = createHash('sha256').update(readFileSync(node)).digest('hex')
  return `This program is the Varco plugin ${JSON.stringify(name)} ${version}. Varco starts it by itself; it does nothing when started by hand.
To use it, name it in Varco's configuration:

    command: [${JSON.stringify(node)}, ${JSON.stringify(main)}]

In production its files are pinned too: \`varco plugin pin --help\`. The digest of this Node.js is
${digest}.
`
}
