import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Http, HttpAnswer, HttpOptions, HttpRequest } from './http.ts'

/** Node's own server. */
export const realHttp: Http = {
  listen: async (options, serve) => {
    const server = await boundedServer(options)
    return new Promise((resolve, reject) => {
      server.on('request', (message, response) => {
        // The body is of no use; read and dropped it cannot hold the connection's memory.
        message.resume()
        void answer(message, response, serve)
      })
      server.once('error', reject)
      server.listen(options, () => {
        server.off('error', reject)
        // A connection that could not be accepted: whoever made it tries again.
        server.on('error', () => undefined)
        const { address, port } = server.address() as AddressInfo
        resolve({ host: address, port, close: () => close(server) })
      })
    })
  },
}

const boundedServer = async (options: HttpOptions): Promise<Server> => {
  const { connectionsMax, headBytesMax, connectionMs } = options
  // Loaded where it is wanted: it brings half of a browser with it, which is a quarter of a broker's start.
  const { createServer } = await import('node:http')
  const server = createServer({
    maxHeaderSize: headBytesMax,
    requestTimeout: connectionMs,
    headersTimeout: connectionMs,
    noDelay: true,
  })
  server.maxConnections = connectionsMax
  server.maxRequestsPerSocket = 1
  // Node's own limits are of silence, and one who reads a byte at a time is never silent.
  server.on('connection', (socket) => {
    const deadline = setTimeout(() => socket.destroy(), connectionMs)
    deadline.unref()
    socket.once('close', () => clearTimeout(deadline))
  })
  return server
}

const answer = async (
  { method = '', url = '' }: IncomingMessage,
  response: ServerResponse,
  serve: (request: HttpRequest) => Promise<HttpAnswer>,
): Promise<void> => {
  response.on('error', () => undefined)
  const [path = ''] = url.split('?', 1)
  const { status, headers, text } = await serve({ method, path }).catch(() => failed)
  response.writeHead(status, {
    ...headers,
    'Content-Length': Buffer.byteLength(text),
    Connection: 'close',
  })
  response.end(text)
}

const failed: HttpAnswer = {
  status: 500,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  text: 'The request failed for a reason of the server.\n',
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
