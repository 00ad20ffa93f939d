import { explanation, handshakeLine, readEnvironment, startedByHost } from './handshake.js'
import { captureOutput, log } from './log.js'
import { parent } from './parent.js'
import { listen } from './server.js'
import { servicesOf } from './services.js'

// From the import on, before the program's own first line: a library that greets on standard output would spoil the handshake.
const stdout = startedByHost(process.env) ? captureOutput() : undefined

/**
 * Offers a plugin to the host that started this process, with every service that it has functions for. The process ends
 * when the host says so, or is gone.
 *
 * @param {import('../index.js').Plugin} plugin
 */
export async function serve (plugin) {
  if (stdout === undefined) {
    const { description } = await servicesOf(plugin)
    process.stderr.write(explanation(description.name ?? '', description.version ?? ''))
    process.exit(2)
  }
  process.on('uncaughtException', (error) => end(1, 'plugin crashed', { error: error instanceof Error ? error.stack : String(error) }))
  process.on('unhandledRejection', (error) => end(1, 'plugin crashed', { error: error instanceof Error ? error.stack : String(error) }))
  process.on('SIGINT', () => {}) // of the terminal that the host was started in: the host decides when plugins end
  // Nobody reads it any more: the host is gone, perhaps since before this line.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(0))
  dieWithParent()

  const { calls } = await servicesOf(plugin)
  const { directory, hostCertificate } = readEnvironment(process.env)
  const { socket, certificate, close } = await listen({
    calls,
    directory,
    hostCertificate,
    // Once the answer has left; the host waits for calls under way before it asks.
    shutdown: () => setTimeout(() => process.exit(0), 50)
  })
  process.on('exit', close)
  process.on('SIGTERM', () => process.exit(0))
  stdout(handshakeLine(socket, certificate))
}

function end (code, text, fields) {
  log.error(text, fields)
  process.exit(code)
}

// A plugin that outlives its host would keep secrets in memory and an open socket.
function dieWithParent () {
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0)
  }, 1000).unref()
}
