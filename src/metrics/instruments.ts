// The library's metrics are counted where they are made; ours are read from numbers that modules keep, at
// the moment of a scrape.
import { Counter, Gauge, type Metric, type Registry } from 'prom-client'
import type { Durations } from '#model'

/** One series of a metric: the values of its labels, and its number. */
export interface Reading {
  labels: Readonly<Record<string, string>>
  value: number
}

/** What a metric is called, what it says in one sentence, and what its series differ in. */
export interface Description {
  name: string
  help: string
  labels?: readonly string[]
}

type Source<T> = () => T | Promise<T>

/** A metric that only rises as long as the broker runs. */
export const counter = (
  registry: Registry,
  description: Description,
  read: Source<number | Iterable<Reading>>,
): void => {
  const metric: Counter = new Counter({
    ...optionsOf(registry, description),
    collect: async () => {
      const found = await read()
      metric.reset()
      for (const { labels, value } of seriesOf(found)) metric.inc(labels, value)
    },
  })
}

/** A metric that rises and falls. */
export const gauge = (
  registry: Registry,
  description: Description,
  read: Source<number | Iterable<Reading>>,
): void => {
  const metric: Gauge = new Gauge({
    ...optionsOf(registry, description),
    collect: async () => {
      const found = await read()
      metric.reset()
      for (const { labels, value } of seriesOf(found)) metric.set(labels, value)
    },
  })
}

/** How often something took how long. */
export interface Distribution {
  labels: Readonly<Record<string, string>>
  durations: Durations
}

/**
 * A metric of durations, in seconds. The library's own has to see every event; this one takes counts that are
 * there already, and is printed by the library as its own.
 */
export const histogram = (
  registry: Registry,
  { name, help }: Description,
  read: () => Iterable<Distribution>,
): void => {
  const series = ({ labels, durations }: Distribution) => {
    const { boundsMs, within, count, sumMs } = durations
    let below = 0
    const buckets = boundsMs.map((boundMs, index) => {
      below += within[index]!
      return bucket(labels, String(boundMs / 1000), below)
    })
    return [
      ...buckets,
      bucket(labels, '+Inf', count),
      { metricName: `${name}_sum`, labels, value: sumMs / 1000 },
      { metricName: `${name}_count`, labels, value: count },
    ]
  }
  const bucket = (labels: Distribution['labels'], le: string, value: number) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le },
    value,
  })
  const metric = {
    name,
    get: async () => ({ name, help, type: 'histogram', values: [...read()].flatMap(series) }),
  }
  registry.registerMetric(metric as unknown as Metric)
}

const optionsOf = (registry: Registry, { name, help, labels = [] }: Description) => ({
  name,
  help,
  labelNames: labels,
  registers: [registry],
})

const seriesOf = (found: number | Iterable<Reading>): Iterable<Reading> =>
  typeof found === 'number' ? [{ labels: {}, value: found }] : found
