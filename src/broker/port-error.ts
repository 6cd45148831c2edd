import type { Endpoint } from '#settings'
import { StartError } from './start-error.ts'

/** How whoever starts the broker names another port or address. */
export interface PortHints {
  port: string
  host: string
}

/** The sentence for a port that cannot be opened; any other error is returned as it is. */
export const portError = (error: unknown, { host, port }: Endpoint, hints: PortHints): unknown => {
  const code = (error as { code?: string }).code
  if (code === 'EADDRINUSE')
    return new StartError(
      `Port ${port} of ${host} is taken by another program: stop it, or choose another port with ${hints.port}.`,
    )
  if (code === 'EACCES')
    return new StartError(
      `This user may not open port ${port}: choose one above 1023 with ${hints.port}.`,
    )
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new StartError(
      `This machine has no address ${host}: name one of its own with ${hints.host}, such as 127.0.0.1 or 0.0.0.0.`,
    )
  return error
}
