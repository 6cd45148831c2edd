import type { Metrics } from '#metrics'
import type { Endpoint, Settings } from '#settings'
import type { World } from '#world'
import { portError } from './port-error.ts'

/** Metrics that are being served, and where. */
export interface ServedMetrics {
  metrics: Metrics
  address: Endpoint
}

/** Opens the port that metrics are read from, if there is to be one. */
export const serveMetrics = async (
  { http, logger }: World,
  { metrics: endpoint }: Settings,
): Promise<ServedMetrics | undefined> => {
  if (!endpoint) return undefined
  // Loaded only where it is wanted: the library takes as long to load as half of the broker.
  const { Metrics } = await import('#metrics')
  const metrics = new Metrics(http, logger)
  try {
    const address = await metrics.listen(endpoint)
    logger.info('metrics are served', { host: address.host, port: address.port })
    return { metrics, address }
  } catch (error) {
    const hint = 'odradek.metrics.listener'
    throw portError(error, endpoint, { port: hint, host: hint })
  }
}
