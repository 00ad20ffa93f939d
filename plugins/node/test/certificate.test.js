import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { test } from 'node:test'
import { selfSigned } from '../lib/certificate.js'

test('a certificate is one for localhost, by itself, and no authority', () => {
  for (const now of [new Date(), new Date('2039-12-31T23:59:59Z'), new Date('2045-01-01T00:00:00Z')]) {
    const { key, cert, der } = selfSigned(now)
    const read = new X509Certificate(cert)
    assert.ok(read.raw.equals(der))
    assert.ok(read.verify(read.publicKey))
    assert.ok(read.checkPrivateKey(createPrivateKey(key)))
    assert.equal(read.checkHost('localhost'), 'localhost')
    assert.equal(read.checkHost('example.com'), undefined)
    assert.equal(read.ca, false)
    assert.deepEqual(read.keyUsage, ['1.3.6.1.5.5.7.3.1'])
    assert.ok(new Date(read.validFrom) < now && new Date(read.validTo) > new Date(now.getTime() + 9 * 365 * 864e5))
  }
})

test('no two have the same key or number', () => {
  const two = [selfSigned(), selfSigned()].map(({ cert }) => new X509Certificate(cert))
  assert.notEqual(two[0].serialNumber, two[1].serialNumber)
  assert.notDeepEqual(two[0].publicKey.export({ type: 'spki', format: 'der' }), two[1].publicKey.export({ type: 'spki', format: 'der' }))
})
