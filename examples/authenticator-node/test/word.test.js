import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldsOf, instanceId, start, textOf } from '@varco/plugin/testing'
import { unpack } from '@varco/plugin'
import { word } from '../word.js'

const secret = 'Montebianco42'

/** The characters that a view asks for, from a word. */
function answers (view, from) {
  return Object.fromEntries(Object.keys(fieldsOf(view)).map((name) => [name, [...from][Number(name.slice(1)) - 1]]))
}

async function withWord (config) {
  const plugin = await start(word(), config)
  const alice = plugin.person('alice')
  await alice.import({ word: secret })
  return { plugin, alice }
}

test('signs in with the characters asked for', async () => {
  const { alice } = await withWord()
  const flow = alice.login('word')
  const { challenge } = await flow.begin()
  assert.equal(Object.keys(fieldsOf(challenge.view)).length, 3)
  const { success } = await flow.continue(answers(challenge.view, secret.toUpperCase()))
  assert.deepEqual(success.amr, ['kba'])
  assert.equal(success.credentialId, 'alice-1')
  assert.equal(alice.credentials[0].revision, '2')
})

test('every single character counts, and failures ask for the same ones', async () => {
  const { alice } = await withWord()
  const flow = alice.login('word')
  const { challenge: { view } } = await flow.begin()
  const right = answers(view, secret)
  for (const name of Object.keys(right)) {
    for (const wrong of ['', '#', '\0', 'zz', right[name] + right[name], '\u{1f511}']) {
      const { failure } = await flow.continue({ ...right, [name]: wrong })
      assert.equal(failure?.reason, 'bad_credential', `${name} as ${JSON.stringify(wrong)}`)
      assert.equal(failure.counts, true)
      assert.deepEqual(Object.keys(fieldsOf(failure.view)), Object.keys(right))
    }
  }
  assert.ok((await flow.continue({})).failure)
  assert.ok((await flow.continue(right)).success)
})

test('the next sign-in may ask for other characters, none of them twice', async () => {
  const { alice } = await withWord({ ask: 5, min_length: 10 })
  const seen = new Set()
  for (let i = 0; i < 20; i++) {
    const flow = alice.login('word')
    const { challenge } = await flow.begin()
    const asked = Object.keys(fieldsOf(challenge.view))
    assert.equal(new Set(asked).size, 5)
    seen.add(asked.join())
    assert.ok((await flow.continue(answers(challenge.view, secret))).success)
  }
  assert.ok(seen.size > 1)
})

test('choosing a word takes the word and a proof', async () => {
  const plugin = await start(word())
  const bruno = plugin.person('bruno')
  const flow = bruno.enrol('word')
  await flow.begin()
  for (const bad of ['', 'short', 'aaaaaaaaaaaa', 'two words', 'x'.repeat(31), 'naïve\u0000one']) {
    const { failure } = await flow.continue({ word: bad })
    assert.equal(failure.reason, 'invalid_input', bad)
    assert.equal(failure.counts, false)
  }
  const { challenge: { view } } = await flow.continue({ word: 'Perchéno10' })
  const right = answers(view, 'perchéno10')
  assert.equal((await flow.continue({})).failure.reason, 'invalid_input')
  assert.ok((await flow.continue(right)).success)
  assert.equal(unpack(bruno.credentials[0].data).word, 'perchéno10')
  assert.ok((await bruno.login('word').begin()).challenge)
})

test('nobody without a word is asked for one, nor who was merely named', async () => {
  const { plugin, alice } = await withWord()
  const named = alice.login('word')
  named.context.identified = false
  for (const flow of [plugin.nobody('word'), plugin.person('carla').login('word'), named]) {
    assert.equal((await flow.begin()).notApplicable.reason, 'not_enrolled')
    assert.equal((await flow.continue({ c1: 'a' })).notApplicable.reason, 'not_enrolled')
  }
})

test('imports words and says what is wrong with others', async () => {
  const { plugin, alice } = await withWord()
  for (const input of [{}, { word: 7 }, { word: 'short' }, 'word', null]) {
    await assert.rejects(alice.import(input), /want/)
  }
  const request = { instanceId: 'another', inputs: [{ json: Buffer.from('{}') }] }
  await assert.rejects(plugin.call('Enrollment', 'ImportCredentials', request), /no configuration/)
})

test('what cannot be read opens nothing and is nobody\'s failed attempt', async () => {
  const { plugin, alice } = await withWord()
  const [good] = alice.credentials
  for (const bad of [{ data: Buffer.from('\0') }, { data: Buffer.from('{"word":"Montebianco42"}') }, { version: 2 }]) {
    alice.credentials = [{ ...good, ...bad }]
    await assert.rejects(alice.login('word').begin(), (error) => error.code === 9)
  }
  for (const state of ['null', '{"word":"x"}', '[]', 'x', '{"word":"' + 'a'.repeat(9) + '","positions":[]}']) {
    const flow = plugin.person('bruno').enrol('word')
    await flow.begin()
    flow.state = Buffer.from(state)
    flow.stateVersion = 1
    assert.equal((await flow.continue({})).failure.reason, 'expired', state)
  }
})

test('a configuration that leaves too few characters is refused', async () => {
  await assert.rejects(start(word(), { ask: 5, min_length: 8 }), /min_length give 10 to 30/)
  const { plugin } = await withWord()
  await plugin.call('PluginLifecycle', 'Remove', { instanceId })
  await assert.rejects(plugin.person('dora').login('word').begin(), /no configuration/)
})

test('every text is there in English and Italian', async () => {
  const { plugin } = await withWord()
  assert.deepEqual(Object.keys(plugin.description.texts.it).sort(), Object.keys(plugin.description.texts.en).sort())
  const text = { key: 'word.ask', params: { position: '2' } }
  assert.equal(textOf(plugin, text), 'Character 2 of your memorable word')
  assert.equal(textOf(plugin, text, 'it'), 'Carattere 2 della tua parola segreta')
})
