// A self-signed certificate for one run of the plugin. Node.js signs and checks but does not write certificates, and the
// libraries that do bring a dozen packages into a process that holds secrets; this one only ever writes a single form
// (RFC 5280 with an ECDSA key on P-256, RFC 5480) and reads nothing.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const day = 24 * 60 * 60 * 1000

/**
 * Makes a key and its certificate: for a server named localhost, which is what go-plugin's client checks, and for
 * nothing else. Unlike go-plugin's own it is no authority, so its key cannot vouch for another.
 * @param {Date} [now]
 * @returns {{key: string, cert: string, der: Buffer}} PEM, PEM and DER
 */
export function selfSigned (now = new Date()) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsaWithSHA256 = sequence(oid('2a8648ce3d040302'))
  const name = sequence(set(sequence(oid('550403'), der(0x0c, Buffer.from('localhost')))))
  const serial = randomBytes(16)
  serial[0] = (serial[0] & 0x7f) | 0x40 // positive, and never shorter
  const tbs = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, serial),
    ecdsaWithSHA256,
    name,
    // Clocks differ little on one machine; the end is far, as the process lives as long as its host.
    sequence(time(new Date(now.getTime() - day)), time(new Date(now.getTime() + 10 * 365 * day))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(
      extension('551d13', true, sequence()), // basicConstraints: not an authority
      extension('551d0f', true, der(0x03, Buffer.from([7, 0x80]))), // keyUsage: digitalSignature
      extension('551d25', false, sequence(oid('2b06010505070301'))), // extKeyUsage: serverAuth
      extension('551d11', false, sequence(der(0x82, Buffer.from('localhost')))) // subjectAltName: DNS
    ))
  )
  const signature = sign('sha256', tbs, privateKey)
  const bytes = sequence(tbs, ecdsaWithSHA256, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  return {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`,
    der: bytes
  }
}

function der (tag, ...parts) {
  const body = Buffer.concat(parts)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const length = []
  for (let n = body.length; n > 0; n >>= 8) length.unshift(n & 0xff)
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length, ...length]), body])
}

const sequence = (...parts) => der(0x30, ...parts)
const set = (...parts) => der(0x31, ...parts)
const oid = (hex) => der(0x06, Buffer.from(hex, 'hex'))

const extension = (id, critical, value) =>
  sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value))

// Until 2049 a time has two digits for the year (RFC 5280 section 4.1.2.5).
function time (date) {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '')
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits))
}
