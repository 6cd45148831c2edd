import { SettingsError } from './settings-error.ts'

/** A place to listen on or to connect to. */
export interface Endpoint {
  host: string
  port: number
}

interface Listener extends Endpoint {
  name: string
}

/** How the names of listeners are to be understood. */
export interface ListenerNames {
  /** Listeners with these names are for a controller quorum, which does not exist here. */
  controllers: readonly string[]
  /** The text of `listener.security.protocol.map`: pairs like `INTERNAL:PLAINTEXT`. */
  protocols: string
}

/** The addresses that mean every one the machine has. */
const wildcards: ReadonlySet<string> = new Set(['', '0.0.0.0', '::'])

/**
 * Returns the one endpoint that a list of listeners gives a broker. Throws a `SettingsError` if there
 * is none or more than one, or if it is not of protocol PLAINTEXT.
 */
export const endpointOf = (
  setting: 'listeners' | 'advertised.listeners',
  texts: readonly string[],
  { controllers, protocols }: ListenerNames,
): Endpoint => {
  const listeners = texts
    .map((text) => parseListener(setting, text))
    .filter(({ name }) => !controllers.includes(name))
  const [listener, ...others] = listeners
  if (!listener || others.length > 0)
    throw new SettingsError(
      `${setting} must name exactly one listener, like PLAINTEXT://127.0.0.1:9092, not ${listeners.length}.`,
    )
  const protocol = protocolOf(listener.name, protocols)
  if (protocol !== 'PLAINTEXT')
    throw new SettingsError(
      protocol === undefined
        ? `The listener name '${listener.name}' of ${setting} needs a protocol in listener.security.protocol.map, like ${listener.name}:PLAINTEXT.`
        : `The listener '${listener.name}' of ${setting} has the protocol ${protocol}, and only PLAINTEXT is served yet.`,
    )
  return { host: listener.host, port: listener.port }
}

/** Reads `host:port`, the host of IPv6 in brackets, as `--advertised` takes it. */
export const parseHostAndPort = (flag: string, text: string): Endpoint => {
  const endpoint = matchEndpoint(text)
  if (!endpoint || isWildcard(endpoint.host) || endpoint.port === 0)
    throw new SettingsError(
      `${flag} must be a host and a port that clients can connect to, like 192.168.1.7:9092, not '${text}'.`,
    )
  return endpoint
}

/** Reads where a port of ours is to be opened, `host:port`; undefined when the setting is empty. */
export const ownEndpoint = (setting: string, text: string): Endpoint | undefined => {
  if (text.trim() === '') return undefined
  const endpoint = matchEndpoint(text.trim())
  if (!endpoint)
    throw new SettingsError(
      `${setting} must be an address and a port, like 127.0.0.1:9404, or empty, not '${text.trim()}'.`,
    )
  return { ...endpoint, host: endpoint.host || '0.0.0.0' }
}

/** Says whether listening there is listening on every address of the machine. */
export const isWildcard = (host: string): boolean => wildcards.has(host)

/** Says whether nobody beyond this machine can reach the host. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

/** Returns an endpoint in the form that the settings have it. */
export const listenerText = ({ host, port }: Endpoint): string =>
  `PLAINTEXT://${host.includes(':') ? `[${host}]` : host}:${port}`

const parseListener = (setting: string, text: string): Listener => {
  const [, name, place] = /^([\w.-]+):\/\/(.*)$/.exec(text) ?? []
  const endpoint = place === undefined ? undefined : matchEndpoint(place)
  if (name === undefined || !endpoint)
    throw new SettingsError(
      `${setting} has '${text}', which is no listener: write it like PLAINTEXT://127.0.0.1:9092.`,
    )
  return { name: name.toUpperCase(), ...endpoint }
}

const matchEndpoint = (text: string): Endpoint | undefined => {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([0-9a-zA-Z._-]*)):(\d{1,5})$/.exec(text)
  if (!match) return undefined
  const port = Number(match[3])
  return port <= 65_535 ? { host: match[1] ?? match[2]!, port } : undefined
}

const protocolOf = (name: string, protocols: string): string | undefined => {
  for (const pair of protocols.split(',')) {
    const [left, right] = pair.split(':')
    if (left?.trim().toUpperCase() === name) return right?.trim().toUpperCase()
  }
  return undefined
}
