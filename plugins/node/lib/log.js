// The plugin's log: hclog's JSON, one line each on standard error, which the host forwards under the plugin's name.
import { format } from 'node:util'

function write (level, text, fields) {
  process.stderr.write(line(level, text, fields) + '\n')
}

/**
 * One record. A field cannot take the place of the record's own members.
 * @param {string} level
 * @param {string} text
 * @param {Record<string, unknown>} [fields]
 */
export function line (level, text, fields = {}) {
  const record = { '@level': level, '@message': String(text), '@timestamp': new Date().toISOString() }
  for (const [key, value] of Object.entries(fields)) {
    if (!key.startsWith('@')) record[key] = value instanceof Error ? value.message : value
  }
  try {
    return JSON.stringify(record, (_, value) => (typeof value === 'bigint' ? String(value) : value))
  } catch { // a field that contains itself
    return JSON.stringify({ '@level': level, '@message': String(text), '@timestamp': record['@timestamp'] })
  }
}

/** Say a constant message with fields; never a secret, a code or an address. */
export const log = {
  debug: (text, fields) => write('debug', text, fields),
  info: (text, fields) => write('info', text, fields),
  warn: (text, fields) => write('warn', text, fields),
  error: (text, fields) => write('error', text, fields)
}

/**
 * Sends what the program or a library prints to the log: standard output belongs to the handshake.
 * @returns {(text: string) => void} writes to standard output still
 */
export function captureOutput () {
  const original = process.stdout.write.bind(process.stdout)
  for (const [method, level] of Object.entries({ log: 'info', info: 'info', debug: 'debug', trace: 'debug', warn: 'warn', error: 'error' })) {
    console[method] = (...args) => write(level, format(...args))
  }
  process.stdout.write = (chunk, encoding, done) => {
    for (const printed of String(chunk).split('\n')) if (printed.trim() !== '') write('info', printed)
    const finished = typeof encoding === 'function' ? encoding : done
    finished?.()
    return true
  }
  return (text) => { original(text) }
}
