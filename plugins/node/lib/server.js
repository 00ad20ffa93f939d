// The gRPC server behind mutual TLS on a socket of its own.
import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import net from 'node:net'
import tls from 'node:tls'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { selfSigned } from './certificate.js'
import { maxMessage, root } from './contract.js'
import { statusOf } from './errors.js'
import { log } from './log.js'

/**
 * Serves calls on a new socket in directory.
 * @param {object} options
 * @param {import('./services.js').Call[]} options.calls
 * @param {string} options.directory private to the host and its plugins
 * @param {import('node:crypto').X509Certificate | null} options.hostCertificate the only one to talk to; null: no TLS
 * @param {() => void} options.shutdown the host says stop
 * @returns {Promise<{socket: string, certificate: Buffer | null, close: () => void}>}
 */
export async function listen ({ calls, directory, hostCertificate, shutdown }) {
  const server = new Server({
    'grpc.max_receive_message_length': maxMessage,
    'grpc.max_send_message_length': maxMessage,
    'grpc.enable_channelz': 0
  })
  server.addService(definition(calls), implementation(calls))
  const streams = addOwnServices(server, shutdown)
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
  const identity = hostCertificate === null ? null : selfSigned()
  const listener = identity === null || hostCertificate === null
    ? net.createServer((connection) => injector.injectConnection(connection))
    : tls.createServer({
      key: identity.key,
      cert: identity.cert,
      ca: hostCertificate.toString(),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['h2']
    }, (connection) => {
      // The host's certificate is an authority to go-plugin, so one made with its key would do for TLS. Only itself does here.
      const peer = connection.getPeerX509Certificate()
      if (peer === undefined || !peer.raw.equals(hostCertificate.raw)) return connection.destroy()
      injector.injectConnection(connection)
    })
  listener.on('tlsClientError', (error) => log.warn('connection refused', { reason: error.message }))

  const socket = join(directory, `plugin-${randomBytes(6).toString('hex')}`)
  await new Promise((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(socket, () => resolve(undefined))
  })
  chmodSync(socket, 0o600)
  return {
    socket,
    certificate: identity?.der ?? null,
    close: () => {
      for (const stream of streams) stream.end()
      listener.close()
      server.forceShutdown()
      rmSync(socket, { force: true })
    }
  }
}

const bytes = { requestSerialize: Buffer.from, requestDeserialize: (b) => b, responseSerialize: Buffer.from, responseDeserialize: (b) => b }

function definition (calls) {
  return Object.fromEntries(calls.map(({ path }) => [path, { path, requestStream: false, responseStream: false, ...bytes }]))
}

function implementation (calls) {
  return Object.fromEntries(calls.map(({ path, run }) => [path, (call, callback) => {
    const abort = new AbortController()
    call.on('cancelled', () => abort.abort(new DOMException('the host gave up', 'AbortError')))
    run(call.request, { signal: abort.signal }).then((answer) => callback(null, answer), (thrown) => callback(statusOf(thrown, path)))
  }]))
}

// What go-plugin asks of every plugin: health, the end, and the stream of what is printed – nothing is, as it goes to the log.
function addOwnServices (server, shutdown) {
  const streams = new Set()
  const stay = (call) => {
    streams.add(call)
    call.on('cancelled', () => streams.delete(call))
  }
  const serving = { status: 1 }
  const knows = (call) => ['', 'plugin'].includes(call.request.service)
  server.addService(own('grpc.health.v1.Health'), {
    Check: (call, callback) => callback(knows(call) ? null : { code: 5, details: 'unknown service' }, serving),
    Watch: (call) => { call.write(knows(call) ? serving : { status: 3 }); stay(call) }
  })
  server.addService(own('plugin.GRPCStdio'), { StreamStdio: stay })
  server.addService(own('plugin.GRPCController'), {
    Shutdown: (_, callback) => {
      callback(null, {})
      shutdown()
    }
  })
  return streams
}

function own (name) {
  return Object.fromEntries(root.lookupService(name).methodsArray.map((rpc) => {
    const request = root.lookupType(String(rpc.resolvedRequestType?.fullName))
    const response = root.lookupType(String(rpc.resolvedResponseType?.fullName))
    return [rpc.name, {
      path: `/${name}/${rpc.name}`,
      requestStream: false,
      responseStream: Boolean(rpc.responseStream),
      requestSerialize: (m) => Buffer.from(request.encode(m).finish()),
      requestDeserialize: (b) => request.decode(b),
      responseSerialize: (m) => Buffer.from(response.encode(m).finish()),
      responseDeserialize: (b) => response.decode(b)
    }]
  }))
}
