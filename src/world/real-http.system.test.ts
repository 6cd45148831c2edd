import { equal, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { until } from '#testing'
import type { HttpAnswer } from './http.ts'
import { realHttp } from './real-http.ts'

const options = {
  ...{ host: '127.0.0.1', port: 0, backlog: 16 },
  ...{ connectionsMax: 4, headBytesMax: 1024, connectionMs: 100 },
}
const large = 'x'.repeat(64 * 1024 * 1024)
const listener = await realHttp.listen(options, async ({ path }): Promise<HttpAnswer> => {
  if (path === '/fails') throw new Error('a test made it fail')
  return { status: 200, headers: {}, text: path === '/large' ? large : path }
})
after(() => listener.close())

const address = `http://127.0.0.1:${listener.port}`
const open = async (): Promise<Socket> => {
  const socket = connect(listener.port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

test('a request gets the answer for its path, and its connection ends', async () => {
  const response = await fetch(`${address}/some/path?with=query`)
  equal(await response.text(), '/some/path')
  equal(response.headers.get('connection'), 'close')
})

test('an answer that fails is status 500', async () => {
  equal((await fetch(`${address}/fails`)).status, 500)
})

test('who sends no whole request is closed', async () => {
  const socket = await open()
  socket.write('GET / HTTP/1.1\r\n')
  await once(socket.resume(), 'close')
})

test('who does not read an answer is closed, and makes room', async () => {
  const idle = await Promise.all(Array.from({ length: options.connectionsMax }, open))
  for (const socket of idle) socket.pause().write('GET /large HTTP/1.1\r\nHost: here\r\n\r\n')
  await until('the others are served', () =>
    fetch(`${address}/small`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  for (const socket of idle) socket.destroy()
})

test('a head beyond the bound is refused', async () => {
  const response = await fetch(address, { headers: { long: 'x'.repeat(2048) } })
  equal(response.status, 431)
})

test('a port in use is the error of the system', async () => {
  const again = { ...options, port: listener.port }
  await rejects(
    realHttp.listen(again, async () => ({ status: 200, headers: {}, text: '' })),
    { code: 'EADDRINUSE' },
  )
})
