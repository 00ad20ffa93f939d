import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aborted, contents, notConfigured, notApplicable, pack, readConfig, remembered, resourceExhausted, revoke, t, unavailable, unpack, update } from '../index.js'
import { statusOf } from '../lib/errors.js'
import { line } from '../lib/log.js'
import { servicesOf } from '../lib/services.js'
import { fieldsOf, instanceId, start, textOf } from '../testing.js'
import { types } from '../tools/types.js'
import { readFileSync } from 'node:fs'

const describe = () => ({
  name: 'probe',
  version: '1.0.0',
  instanceKeys: [{ name: 'sign', kind: 'ES256' }, { name: 'mac', kind: 'hmac-sha256' }],
  texts: { en: { hello: 'Hello {name}' } }
})

test('the functions that are there make the services', async () => {
  const step = () => notApplicable('not_enrolled')
  for (const [functions, want] of [
    [{}, []],
    [{ begin: step, continue: step }, ['authenticator']],
    [{ importCredentials: () => [] }, ['enrollment']],
    [{ begin: step, continue: step, beginEnroll: step, continueEnroll: step, handleDelivery: () => ({}) }, ['authenticator', 'enrollment', 'callbacks']],
    [{ send: () => ({}) }, ['delivery_channel']],
    [{ assess: () => ({ verdict: 'allow' }) }, ['risk_source']],
    [{ wrap: () => Buffer.of(1), unwrap: () => Buffer.of(2), sign: () => Buffer.of(3) }, ['key_service']]
  ]) {
    assert.deepEqual((await start({ describe, ...functions })).description.services, want)
  }
})

test('a plugin may be a class', async () => {
  class Sender {
    sent = []
    describe () { return describe() }
    send (request) { this.sent.push(this.#mask(request.to)); return { accepted: true } }
    #mask (to) { return `…${to.slice(-2)}` }
  }
  const sender = new Sender()
  const plugin = await start(sender)
  assert.deepEqual(plugin.description.services, ['delivery_channel'])
  await plugin.call('DeliveryChannel', 'Send', { instanceId, to: '+39061234' })
  assert.deepEqual(sender.sent, ['…34'])
})

test('mistakes are told before anything is served', async () => {
  const step = () => notApplicable('not_enrolled')
  for (const [plugin, problem] of [
    [{ describe, begn: step }, /a plugin has no begn; it may have describe,/],
    [{ describe, begin: step }, /needs continue/],
    [{ begin: step, continue: step }, /needs describe|describe/],
    [{ describe, begin: 'x', continue: step }, /begin must be a function/],
    [{ describe: () => ({ nmae: 'x' }) }, /there is no nmae/],
    [{ describe, lookup: step }, /needs verify and markMigrated and restore/]
  ]) await assert.rejects(servicesOf(plugin), problem)
})

test('what is left out does nothing', async () => {
  const step = () => notApplicable('not_enrolled')
  const plugin = await start({ describe, begin: step, continue: step, handleDelivery: () => ({}), revoke: () => 'ignored' })
  assert.deepEqual(await plugin.call('PluginLifecycle', 'Check', { instanceId }), { ok: true, message: '' })
  assert.ok((await plugin.person('a').enrol('m').begin()).notApplicable)
  assert.deepEqual(await plugin.call('Authenticator', 'Cancel', { context: { instanceId } }), {})
  assert.deepEqual(await plugin.call('Enrollment', 'Revoke', { instanceId }), {})
  assert.equal((await plugin.call('Callbacks', 'HandleCallback', { instanceId })).status, 404)
  await assert.rejects(plugin.person('a').import({}), /imports no credentials/)
  await assert.rejects(plugin.call('RiskSource', 'Assess', {}), /does not offer RiskSource/)
})

test('the host gives keys, and gets one thing where the message holds one', async () => {
  let given
  const plugin = await start({
    describe,
    configure: (configuration) => { given = configuration },
    validateConfig: (configuration) => (unpack(configuration.json).bad ? [{ pointer: '/bad', message: 'must go' }] : []),
    wrap: ({ keyId, plaintext }) => Buffer.concat([Buffer.from(keyId), plaintext]),
    unwrap: ({ ciphertext }) => ciphertext,
    sign: ({ digest }) => digest
  }, { good: true })
  assert.deepEqual(unpack(given.json), { good: true })
  assert.equal(given.keys.mac.length, 32)
  assert.ok(given.keys.sign.length > 100)
  assert.deepEqual((await plugin.call('KeyService', 'Wrap', { instanceId, keyId: 'k', plaintext: Buffer.from('p') })).ciphertext, Buffer.from('kp'))
  await assert.rejects(start({ describe, validateConfig: () => [{ pointer: '/bad', message: 'must go' }] }), /\/bad must go/)
})

test('an instance without a configuration answers nothing, and says so', async () => {
  let configured = 0
  const plugin = await start({
    describe,
    configure: (configuration) => {
      if (configuration.revision === 'bad') throw notConfigured('bad')
      configured++
    },
    send: () => ({ accepted: true })
  })
  const send = (id) => plugin.call('DeliveryChannel', 'Send', { instanceId: id })
  await send(instanceId)
  await assert.rejects(send('another'), (e) => e.code === 9)
  await assert.rejects(plugin.call('PluginLifecycle', 'Check', { instanceId: 'another' }), (e) => e.code === 9)
  await assert.rejects(plugin.call('PluginLifecycle', 'Configure', { configuration: { instanceId: 'another', revision: 'bad' } }), /bad/)
  await assert.rejects(send('another'), (e) => e.code === 9)
  await plugin.call('PluginLifecycle', 'Configure', { configuration: { instanceId: 'another' } })
  await send('another')
  for (let twice = 0; twice < 2; twice++) await plugin.call('PluginLifecycle', 'Remove', { instanceId })
  await assert.rejects(send(instanceId), (e) => e.code === 9)
  await send('another')
  assert.equal(configured, 2)
})

test('an import that failed creates nothing', async () => {
  const plugin = await start({ describe, importCredentials: ({ inputs }) => inputs.map(() => ({ error: 'no', change: { kind: 'create' } })) })
  const { results } = await plugin.call('Enrollment', 'ImportCredentials', { instanceId, inputs: [{}, {}] })
  assert.deepEqual(results, [{ change: null, error: 'no' }, { change: null, error: 'no' }])
})

test('a lost compare-and-set fails a test', async () => {
  const credential = { id: 'a-1', revision: '1', data: pack({}), handle: 'h', label: 'l' }
  assert.deepEqual(update(credential, { data: pack(1), version: 2 }),
    { kind: 'update', credentialId: 'a-1', handle: 'h', label: 'l', expectedRevision: '1', data: pack(1), version: 2 })
  const person = (await start({ describe })).person('a')
  person.credentials = [{ ...credential, revision: '2' }]
  assert.throws(() => person.commit([revoke(credential)]), /expects revision 1, handed in was 2/)
  assert.throws(() => person.commit([revoke({ id: 'b', revision: '1' })]), /not handed in/)
})

test('faults have the codes of the contract', () => {
  const timeout = new Error('fetch failed', { cause: Object.assign(new Error('slow'), { code: 'UND_ERR_CONNECT_TIMEOUT' }) })
  for (const [fault, code, text] of [
    [unavailable(new Error('refused')), 14, 'refused'],
    [unavailable(), 14, 'no reason given'],
    [unavailable(timeout), 4, 'fetch failed'],
    [unavailable(AbortSignal.abort().reason), 4, 'This operation was aborted'],
    [resourceExhausted(), 8, 'resource exhausted'],
    [notConfigured('gone'), 9, 'gone'],
    [aborted(new Error('lost')), 10, 'lost']
  ]) {
    const status = statusOf(fault, 'm')
    assert.equal(status.code, code, text)
    assert.equal(status.details, text)
  }
  assert.ok(resourceExhausted(1500).metadata.get('grpc-status-details-bin')[0].includes('RetryInfo'))
})

test('a record of the log cannot be forged by its fields', () => {
  const loop = {}
  loop.loop = loop
  for (const [fields, want] of [
    [{ '@level': 'error', a: 1 }, { '@level': 'info', '@message': 'm', a: 1 }],
    [{ error: new Error('e'), n: 1n }, { '@level': 'info', '@message': 'm', error: 'e', n: '1' }],
    [{ loop }, { '@level': 'info', '@message': 'm' }],
    [{ text: 'two\nlines' }, { '@level': 'info', '@message': 'm', text: 'two\nlines' }]
  ]) {
    const written = line('info', 'm', fields)
    assert.ok(!written.includes('\n'))
    const { '@timestamp': at, ...rest } = JSON.parse(written)
    assert.deepEqual(rest, want)
    assert.ok(!Number.isNaN(Date.parse(at)))
  }
})

test('configurations are read strictly', () => {
  const read = (json) => readConfig({ json: Buffer.from(json) }, { digits: 6, ratio: 0.5, list: ['a'] }, { url: 'string' })
  assert.deepEqual(read('{"url": "u", "digits": 8, "ratio": 1}'), { value: { digits: 8, ratio: 1, list: ['a'], url: 'u' }, problems: [] })
  for (const [json, pointer] of [
    ['{', ''], ['[]', ''], ['null', ''], ['{}', '/url'], ['', '/url'], ['{"url": 7}', '/url'], ['{"url": "u", "digit": 1}', '/digit'],
    ['{"url": "u", "digits": 1.5}', '/digits'], ['{"url": "u", "list": {}}', '/list'], ['{"url": "u", "digits": null}', '/digits'],
    ['{"url": "u", "a/b~": 1}', '/a~1b~0'], ['{"url": "u", "__proto__": {"digits": 9}}', '/__proto__']
  ]) assert.deepEqual(read(json).problems.map((p) => p.pointer), [pointer], json)
  assert.ok(!JSON.stringify(read('{"url": 12345678}')).includes('12345678,'))
})

test('data that is not readable is a technical fault, and says nothing of itself', () => {
  for (const broken of ['', 'hunter2', '{"a":', '\u0000']) {
    assert.throws(() => unpack(Buffer.from(broken)), (e) => e.code === 9 && !e.message.includes('hunter2'))
    assert.equal(remembered({ state: Buffer.from(broken), stateVersion: 1 }, 1), undefined)
  }
  const credential = { data: pack({ a: 1 }), version: 2 }
  assert.deepEqual(contents(credential, 2), { a: 1 })
  assert.throws(() => contents(credential, 1), (e) => e.code === 9)
  assert.throws(() => contents({ data: pack(null), version: 1 }, 1), (e) => e.code === 9)
  assert.deepEqual(remembered({ state: pack({ a: 1 }), stateVersion: 1 }, 1), { a: 1 })
  assert.equal(remembered({ state: pack({ a: 1 }), stateVersion: 2 }, 1), undefined)
  assert.equal(remembered({ state: pack(7), stateVersion: 1 }, 1), undefined)
})

test('texts are read as a person would', async () => {
  const plugin = await start({ describe })
  assert.equal(textOf(plugin, { key: 'hello', params: { name: 'Ada' } }), 'Hello Ada')
  assert.throws(() => textOf(plugin, t('nope')), /no text/)
  assert.throws(() => textOf(plugin, { key: 'hello', params: {} }), /needs the parameter name/)
  assert.deepEqual(Object.keys(fieldsOf({ nodes: [{ textField: { name: 'a' } }, { choice: { name: 'b' } }, { wait: {} }] })), ['a', 'b'])
})

test('contract.d.ts is what the .proto files say', () => {
  assert.equal(readFileSync(new URL('../contract.d.ts', import.meta.url), 'utf8'), types(), 'run npm run types')
})
