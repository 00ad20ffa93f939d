// A complete authenticator plugin: the memorable word of which banks on the phone and on the web ask for a few
// characters, "the 2nd, 5th and 7th". Who looks over a shoulder once has not got the word.
//
// It is something the person knows, like a password: the two together are one factor. And as single characters are
// compared, the word itself is stored – sealed by the host, which hands it over for the length of one call.
import { randomInt, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  ask, create, failure, field, notApplicable, notConfigured, pack, say, screen, submit, success, t, texts, unpack, update
} from '@varco/plugin'

const version = 1 // of what credentials and state look like
const maxLength = 30

const catalogues = texts(new URL('./texts/', import.meta.url))
const schema = readFileSync(new URL('./config.schema.json', import.meta.url))

/** @returns {import('@varco/plugin').Plugin} */
export function word () {
  /** @type {Map<string, {ask: number, minLength: number}>} */
  const instances = new Map()

  /** @param {import('@varco/plugin').StepRequest} r */
  const settings = (r) => {
    const found = instances.get(r.context.instanceId)
    if (!found) throw notConfigured(`no configuration of ${r.context.instanceId}`)
    return found
  }

  return {
    describe: () => ({
      name: 'memorable-word',
      version: '1.0.0',
      credentialType: 'memorable-word',
      stateVersion: version,
      configSchema: schema,
      texts: catalogues,
      methods: [{ id: 'word', title: 'word.name', factors: ['knowledge'], amr: ['kba'], canEnrol: true }]
    }),

    validateConfig: (configuration) => {
      const { ask: asked, minLength } = read(configuration)
      return minLength < 2 * asked ? [{ pointer: '/min_length', message: `must be at least ${2 * asked}, twice "ask"` }] : []
    },
    configure: (configuration) => { instances.set(configuration.instanceId, read(configuration)) },
    remove: ({ instanceId }) => { instances.delete(instanceId) },

    // Begin asks for the characters that the credential waits for. Nobody without a word is asked anything.
    begin: (r) => {
      settings(r)
      const stored = find(r)
      return stored ? ask(question(stored.positions)) : notApplicable('not_enrolled')
    },

    // Continue compares all characters before it says anything, so that nobody learns which of them was right.
    continue: (r) => {
      const { ask: count } = settings(r)
      const stored = find(r)
      if (!stored) return notApplicable('not_enrolled')
      if (!matches(stored.word, stored.positions, r.inputs)) {
        return failure('bad_credential', { counts: true, retryable: true, view: question(stored.positions, t('word.wrong')) })
      }
      const [credential] = r.credentials
      return {
        ...success({ amr: ['kba'], credentialId: credential.id }),
        // Other characters next time, and only after a success: a new choice at every attempt would let a thief who
        // has seen some of them try until exactly those come up.
        credentialChanges: [update(credential, { data: pack({ word: stored.word, positions: choose(stored.word, count) }), version })]
      }
    },

    // Choosing a word takes two steps: the word, and proof that the person can count its characters.
    beginEnroll: (r) => {
      settings(r)
      return ask(choice())
    },
    continueEnroll: (r) => {
      const { ask: count, minLength } = settings(r)
      const chosen = remembered(r)
      if (!chosen) {
        const given = normalise(r.inputs.word)
        if (!good(given, minLength)) {
          return failure('invalid_input', { retryable: true, view: choice(t('word.rule', { min: String(minLength) })) })
        }
        const positions = choose(given, count)
        return { ...ask(question(positions)), state: pack({ word: given, positions }), stateVersion: version }
      }
      if (!matches(chosen.word, chosen.positions, r.inputs)) {
        // The word goes along in the state, which the host seals; no page ever shows it again.
        const view = question(chosen.positions, t('word.differs'))
        return { ...failure('invalid_input', { retryable: true, view }), state: r.state, stateVersion: version }
      }
      return {
        ...success(),
        credentialChanges: [create({ data: pack({ word: chosen.word, positions: choose(chosen.word, count) }), version })]
      }
    },

    // What an operator gives: {"word": "…"}, as the bank's old system had it.
    importCredentials: ({ instanceId, inputs }) => {
      const found = instances.get(instanceId)
      if (!found) throw notConfigured(`no configuration of ${instanceId}`)
      return inputs.map(({ json }) => {
        const given = normalise(parsed(json)?.word)
        if (!good(given, found.minLength)) return { error: `want {"word": "…"} with ${found.minLength} to ${maxLength} letters and digits, five of them different` }
        return { change: create({ data: pack({ word: given, positions: choose(given, found.ask) }), version }) }
      })
    }
  }
}

function read (configuration) {
  const { ask: asked = 3, min_length: minLength = 8 } = parsed(configuration.json) ?? {}
  return { ask: asked, minLength }
}

function parsed (json) {
  try {
    return unpack(json)
  } catch {
    return undefined
  }
}

// The same word however it is typed: capitals do not count, and an accent is one character on every keyboard.
function normalise (given) {
  return typeof given === 'string' ? given.normalize('NFKC').toLowerCase().trim() : ''
}

function good (given, minLength) {
  const characters = [...given]
  return characters.length >= minLength && characters.length <= maxLength &&
    /^[\p{L}\p{N}]+$/u.test(given) && new Set(characters).size >= 5
}

// Different positions, from 1, in the order in which a person counts.
function choose (given, count) {
  const positions = [...given].map((_, i) => i + 1)
  for (let i = 0; i < count; i++) {
    const j = randomInt(i, positions.length)
    ;[positions[i], positions[j]] = [positions[j], positions[i]]
  }
  return positions.slice(0, count).sort((a, b) => a - b)
}

// Every character is compared, in the same time wherever the first wrong one stands.
function matches (stored, positions, inputs) {
  const characters = [...stored]
  let right = positions.length > 0
  for (const position of positions) {
    const want = Buffer.alloc(16)
    const got = Buffer.alloc(16)
    want.write(characters[position - 1] ?? '')
    got.write(normalise(inputs[`c${position}`]).slice(0, 4) || '\0')
    right = timingSafeEqual(want, got) && right
  }
  return right
}

function find (r) {
  return r.credentials.length === 0 ? undefined : unpack(r.credentials[0].data)
}

function remembered (r) {
  if (r.state.length === 0) return undefined
  const state = parsed(r.state)
  return typeof state?.word === 'string' && Array.isArray(state.positions) ? state : undefined
}

const choice = (error) => screen(t('word.choose'), say(t('word.explain')),
  field({ name: 'word', kind: 'new-password', label: t('word.new'), hint: t('word.hint'), error, maxLength }),
  submit('continue', t('word.go')))

const question = (positions, error) => screen(t('word.title'),
  ...positions.map((position) => field({
    name: `c${position}`, kind: 'password', label: t('word.ask', { position: String(position) }), error, maxLength: 1
  })),
  submit('continue', t('word.go')))
