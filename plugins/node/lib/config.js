// Configurations read strictly: a setting that is ignored in silence is one that the operator believes in.

const escape = (name) => name.replaceAll('~', '~0').replaceAll('/', '~1') // RFC 6901

/**
 * Reads a configuration against defaults, whose types the settings must have. A setting that nobody knows is a problem,
 * as is one of another type or one that is required and missing. No problem quotes a value, which may be a secret.
 * @param {{json: Uint8Array}} configuration
 * @param {Record<string, unknown>} defaults
 * @param {Record<string, 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'>} [required] settings without a default
 * @returns {{value: any, problems: Array<{pointer: string, message: string}>}}
 */
export function readConfig (configuration, defaults, required = {}) {
  const text = Buffer.from(configuration.json).toString('utf8')
  let found = {}
  try {
    if (text.trim() !== '') found = JSON.parse(text)
  } catch {
    found = undefined
  }
  if (typeOf(found) !== 'object') return { value: { ...defaults }, problems: [{ pointer: '', message: 'give a JSON object' }] }
  const types = { ...required }
  for (const [name, value] of Object.entries(defaults)) types[name] = typeOf(value)
  const problems = []
  for (const [name, value] of Object.entries(found)) {
    const pointer = `/${escape(name)}`
    const type = Object.hasOwn(types, name) ? types[name] : undefined
    if (type === undefined) problems.push({ pointer, message: `there is no such setting; there are ${Object.keys(types).join(', ')}` })
    else if (typeOf(value) !== type && !(type === 'number' && typeOf(value) === 'integer')) problems.push({ pointer, message: `give ${type} instead of ${typeOf(value)}` })
  }
  for (const name of Object.keys(required)) {
    if (!Object.hasOwn(found, name)) problems.push({ pointer: `/${escape(name)}`, message: `give it: ${required[name]}` })
  }
  return { value: { ...defaults, ...found }, problems }
}

function typeOf (value) {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (Number.isInteger(value)) return 'integer'
  return typeof value
}
