import type { ServerSettings } from '#server'
import type { BrokerSettings } from '#settings'

/** What of the settings concerns the server. */
export const serverSettings = (
  settings: BrokerSettings,
  listener: { host: string; port: number },
): ServerSettings => ({
  ...listener,
  backlog: settings['socket.listen.backlog.size'],
  connectionsMax: settings['max.connections'],
  connectionsPerAddressMax: settings['max.connections.per.ip'],
  connectionsPerAddress: overrides(settings['max.connections.per.ip.overrides']),
  requestBytesMax: settings['queued.max.request.bytes'],
  responseBytesMax: settings['odradek.response.max.bytes'],
  connection: {
    frameSizeMax: settings['socket.request.max.bytes'],
    pipelineMax: settings['odradek.request.pipeline.max'],
    responseBytesMax: settings['odradek.connection.response.max.bytes'],
    requestTimeoutMs: settings['odradek.request.timeout.ms'],
    idleMsMax: settings['connections.max.idle.ms'],
  },
})

/** `address:count` pairs, with commas between them; IPv6 addresses hold colons of their own. */
const overrides = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .split(',')
      .filter((entry) => entry.trim() !== '')
      .map((entry) => {
        const colon = entry.lastIndexOf(':')
        return [entry.slice(0, colon).trim(), Number(entry.slice(colon + 1))]
      }),
  )
