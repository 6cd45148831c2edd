import type { Registry } from 'prom-client'
import type { ApiFigures, ServerFigures } from '#server'
import { counter, gauge, histogram, type Reading } from './instruments.ts'

/** Where the figures of a server are. */
export interface ServerSources {
  server(): ServerFigures
  apis(): readonly ApiFigures[]
  parkedFetches(): number
}

/** What clients ask, how long it takes, and what it holds. */
export const serverMetrics = (registry: Registry, sources: ServerSources): void => {
  requestMetrics(registry, sources)
  const { server } = sources
  gauge(
    registry,
    { name: 'odradek_connections', help: 'Connections of Kafka clients that are open.' },
    () => server().connections,
  )
  counter(
    registry,
    {
      name: 'odradek_connections_accepted_total',
      help: 'Connections of Kafka clients that were let in since the start.',
    },
    () => server().accepted,
  )
  counter(
    registry,
    {
      name: 'odradek_connections_refused_total',
      help: 'Connections that were turned away, or closed for what they did; the log says why.',
    },
    () => server().refused,
  )
  counter(
    registry,
    { name: 'odradek_received_bytes_total', help: 'Bytes that Kafka clients have sent.' },
    () => server().receivedBytes,
  )
  counter(
    registry,
    { name: 'odradek_sent_bytes_total', help: 'Bytes that were sent to Kafka clients.' },
    () => server().sentBytes,
  )
  gauge(
    registry,
    {
      name: 'odradek_request_memory_bytes',
      help: 'Memory that is set aside for requests which are being read or served.',
    },
    () => server().requestBytes,
  )
  gauge(
    registry,
    {
      name: 'odradek_response_memory_bytes',
      help: 'Bytes of answers that clients have not taken yet.',
    },
    () => server().responseBytes,
  )
  gauge(
    registry,
    { name: 'odradek_fetches_parked', help: 'Fetches that wait for records to come.' },
    () => sources.parkedFetches(),
  )
}

const requestMetrics = (registry: Registry, { apis }: ServerSources): void => {
  const byApi = (value: (figures: ApiFigures) => number) => (): Reading[] =>
    apis().map((figures) => ({ labels: { api: figures.name }, value: value(figures) }))
  counter(
    registry,
    {
      name: 'odradek_requests_total',
      help: 'Requests that were served, by API; those that ask for no answer count as well.',
      labels: ['api'],
    },
    byApi(({ service }) => service.count),
  )
  counter(
    registry,
    {
      name: 'odradek_requests_failed_total',
      help: 'Requests that failed for a reason of the broker, by API; the log says which.',
      labels: ['api'],
    },
    byApi(({ failed }) => failed),
  )
  histogram(
    registry,
    {
      name: 'odradek_request_duration_seconds',
      help: 'Time from the arrival of a request until its answer was sent, the waiting of fetches and joins included.',
    },
    () =>
      apis()
        .filter(({ service }) => service.count > 0)
        .map(({ name, service }) => ({ labels: { api: name }, durations: service })),
  )
}
