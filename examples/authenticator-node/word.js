// A complete authenticator plugin: the memorable word of which banks on the phone and on the web ask for a few
// characters, "the 2nd, 5th and 7th". Who looks over a shoulder once has not got the word.
//
// It is something the person knows, like a password: the two together are one factor. And as single characters are
// compared, the word itself is stored – sealed by the host, which hands it over for the length of one call.
import { randomInt, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  ask, contents, create, failure, field, notApplicable, notConfigured, pack, readConfig, remembered, say, screen, submit, success, t,
  texts, unpack, update
} from '@varco/plugin'

const version = 1 // of what credentials and state look like
const maxLength = 30

const catalogues = texts(new URL('./texts/', import.meta.url))
const schema = readFileSync(new URL('./config.schema.json', import.meta.url))

/** @returns {import('@varco/plugin').Plugin} */
export function word () {
  /** @type {Map<string, any>} as config.schema.json describes them */
  const instances = new Map()

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

    validateConfig: (configuration) => read(configuration).problems,
    configure: (configuration) => {
      const { value, problems } = read(configuration)
      if (problems.length > 0) throw notConfigured(`${problems[0].pointer} ${problems[0].message}`)
      instances.set(configuration.instanceId, value)
    },
    remove: ({ instanceId }) => { instances.delete(instanceId) },

    // Begin asks for the characters that the credential waits for. Nobody without a word is asked anything.
    begin: (r) => {
      const stored = find(r)
      return stored ? ask(question(stored.positions)) : notApplicable('not_enrolled')
    },

    // Continue compares all characters before it says anything, so that nobody learns which of them was right.
    continue: (r) => {
      const { ask: count } = instances.get(r.context.instanceId)
      const stored = find(r)
      if (!stored) return notApplicable('not_enrolled')
      if (!matches(stored, r.inputs)) {
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
    beginEnroll: () => ask(choice()),
    continueEnroll: (r) => {
      const { ask: count, min_length: minLength } = instances.get(r.context.instanceId)
      if (r.state.length === 0) {
        const given = normalise(r.inputs.word)
        if (!good(given, minLength)) {
          return failure('invalid_input', { retryable: true, view: choice(t('word.rule', { min: String(minLength) })) })
        }
        const positions = choose(given, count)
        return { ...ask(question(positions)), state: pack({ word: given, positions }), stateVersion: version }
      }
      const chosen = remembered(r, version)
      if (!usable(chosen)) return failure('expired')
      if (!matches(chosen, r.inputs)) {
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
      const { ask: count, min_length: minLength } = instances.get(instanceId)
      return inputs.map(({ json }) => {
        const given = normalise(parsed(json)?.word)
        if (!good(given, minLength)) return { error: `want {"word": "…"} with ${minLength} to ${maxLength} letters and digits, five of them different` }
        return { change: create({ data: pack({ word: given, positions: choose(given, count) }), version }) }
      })
    }
  }
}

function read (configuration) {
  const { value, problems } = readConfig(configuration, { ask: 3, min_length: 8 })
  const between = (name, least, most) => {
    if (value[name] < least || value[name] > most) problems.push({ pointer: `/${name}`, message: `give ${least} to ${most}` })
  }
  if (problems.length === 0) {
    between('ask', 2, 5)
    between('min_length', Math.max(8, 2 * value.ask), maxLength)
  }
  return { value, problems }
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
  if (typeof given !== 'string') return false
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
function matches ({ word: stored, positions }, inputs) {
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

// Nothing for somebody who was merely named: which characters a word waits for would tell anybody that the name exists, and
// it is what a false page would ask for.
function find (r) {
  if (r.credentials.length === 0 || !r.context.identified) return undefined
  const stored = contents(r.credentials[0], version)
  if (!usable(stored)) throw notConfigured('the stored word is not readable')
  return stored
}

// What is stored, and the state of choosing a word, have the same form.
function usable (value) {
  return good(value?.word, 1) && Array.isArray(value.positions) && value.positions.every(Number.isInteger)
}

const choice = (error) => screen(t('word.choose'), say(t('word.explain')),
  field({ name: 'word', kind: 'new-password', label: t('word.new'), hint: t('word.hint'), error, maxLength }),
  submit('continue', t('word.go')))

const question = (positions, error) => screen(t('word.title'),
  ...positions.map((position) => field({
    name: `c${position}`, kind: 'password', label: t('word.ask', { position: String(position) }), error, maxLength: 1
  })),
  submit('continue', t('word.go')))
