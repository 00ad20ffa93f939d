import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '../lib/codec.js'
import { message, root } from '../lib/contract.js'

const response = message('StepResponse')
const request = message('StepRequest')

/** A value as the other side reads it. */
const there = (type, value) => decode(type, encode(type, value))

test('an answer arrives as it was given', () => {
  const given = {
    challenge: {
      view: {
        title: { key: 'title', params: { name: 'Zoë' } },
        nodes: [
          { textField: { name: 'a', kind: 'one-time-code', label: { key: 'label' }, maxLength: 6, optional: true } },
          { paragraph: { text: { key: 'p' }, style: 'warning' } },
          { image: { png: Buffer.from([0x89, 1, 2]), alt: { key: 'alt' } } }
        ]
      }
    },
    state: Buffer.from('state'),
    stateVersion: 3,
    credentialChanges: [{ kind: 'update', credentialId: 'c', data: Buffer.from('d'), expectedRevision: '18446744073709551615' }],
    effects: [{ idempotencyKey: 'k', channel: 'sms', expiresAt: new Date('2026-05-06T07:08:09.123Z') }]
  }
  const got = there(response, given)
  assert.deepEqual({ ...got.challenge.view.title.params }, { name: 'Zoë' })
  assert.equal(got.challenge.view.nodes[0].textField.kind, 'one-time-code')
  assert.equal(got.challenge.view.nodes[0].textField.maxLength, 6)
  assert.equal(got.challenge.view.nodes[0].paragraph, undefined)
  assert.deepEqual(got.challenge.view.nodes[2].image.png, Buffer.from([0x89, 1, 2]))
  assert.deepEqual(got.state, Buffer.from('state'))
  assert.equal(got.credentialChanges[0].expectedRevision, '18446744073709551615')
  assert.deepEqual(got.effects[0].expiresAt, given.effects[0].expiresAt)
  assert.equal(got.success, undefined)
})

test('a request has every field, and null for who is not there', () => {
  const got = there(request, { context: { intent: 'recovery', now: new Date(1500) }, inputs: { __proto__: null, toString: 'x' } })
  assert.equal(got.context.intent, 'recovery')
  assert.equal(got.context.subject, null)
  assert.equal(got.context.flowId, '')
  assert.deepEqual(got.context.origins, [])
  assert.equal(got.inputs.toString, 'x')
  assert.equal(got.inputs.hasOwnProperty, undefined)
  assert.deepEqual(got.state, Buffer.alloc(0))
})

test('durations are milliseconds, times before 1970 included', () => {
  const pending = message('Pending')
  assert.equal(there(pending, { view: {}, pollAfter: 2500 }).pollAfter, 2500)
  const past = new Date('1969-12-31T23:59:59.250Z')
  assert.deepEqual(there(message('StepContext'), { now: past }).now, past)
})

test('maps of maps and of lists are what they are', () => {
  const texts = there(message('Description'), { texts: { en: { a: 'A' } } }).texts
  assert.equal(texts.en.a, 'A')
  const header = there(message('HandleCallbackResponse'), { header: { 'Retry-After': ['1', '2'] } }).header
  assert.deepEqual(header['Retry-After'], ['1', '2'])
})

test('what cannot be said is refused, with the place and without the value', () => {
  const outcome = { failure: { reason: 'bad_credential' } }
  const wrong = {
    'a misspelt field': [{ failure: { reason: 'bad_credential', count: true } }, /StepResponse\.failure: there is no count/],
    'an unknown word': [{ failure: { reason: 'bad-credential' } }, /StepResponse\.failure\.reason: "bad-credential" is none of bad_credential/],
    'two outcomes': [{ ...outcome, success: {} }, /exactly one of challenge.* not success and failure/],
    'no outcome': [{}, /exactly one of .* not none/],
    'an empty node': [{ challenge: { view: { nodes: [{}] } } }, /nodes\[0\]: exactly one of/],
    'a text for bytes': [{ ...outcome, state: 'hunter2' }, /StepResponse\.state: want bytes .* not a string$/],
    'a text for a number': [{ ...outcome, stateVersion: '1' }, /stateVersion: want a whole number/],
    'a fraction': [{ ...outcome, stateVersion: 1.5 }, /whole number/],
    'a negative number': [{ ...outcome, stateVersion: -1 }, /whole number/],
    'a number for a text': [{ success: { subject: 7 } }, /subject: want a string, not a number/],
    'a yes for a truth': [{ failure: { reason: 'expired', counts: 'yes' } }, /counts: want true or false/],
    'an object for a list': [{ ...outcome, effects: {} }, /effects: want an array/],
    'a list for an object': [{ success: { attributes: ['a'] } }, /attributes: want an object/],
    'a rounded revision': [{ ...outcome, credentialChanges: [{ kind: 'revoke', expectedRevision: 7 }] }, /want the revision as it was handed in/],
    'no date': [{ ...outcome, effects: [{ expiresAt: new Date(NaN) }] }, /want a valid Date/],
    'a negative time': [{ pending: { view: {}, pollAfter: -1 } }, /milliseconds/],
    'half a character': [{ success: { subject: '\ud800' } }, /well-formed/],
    'a class': [{ success: new (class Proof {})() }, /want an object, not a Proof/]
  }
  for (const [name, [value, problem]] of Object.entries(wrong)) {
    assert.throws(() => encode(response, value), (error) => {
      assert.match(error.message, problem, name)
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    }, name)
  }
})

test('what is newer than this package passes through as a number', () => {
  const bytes = message('Failure').encode({ reason: 99 }).finish()
  assert.equal(decode(message('Failure'), bytes).reason, '#99')
  assert.equal(there(message('Failure'), { reason: '#99' }).reason, '#99')
})

test('broken bytes throw and nothing else', () => {
  for (let seed = 1; seed < 400; seed++) {
    const bytes = Buffer.from(Array.from({ length: seed % 40 }, (_, i) => (seed * 2654435761 * (i + 7)) >>> 24))
    try {
      assert.equal(typeof decode(request, bytes), 'object')
    } catch (error) {
      assert.ok(error instanceof Error)
    }
  }
  assert.ok(root)
})
