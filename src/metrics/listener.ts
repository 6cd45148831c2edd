// All metrics of one broker, and the port that they are read from. Nothing is counted here: modules keep
// plain numbers, and these are looked up when somebody asks. Names and the meaning of each kind follow
// the text format of Prometheus, version 0.0.4.
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Http, HttpAnswer, HttpRequest, Logger, NetworkListener } from '#world'
import { type CoordinatorSources, coordinatorMetrics } from './coordinator-metrics.ts'
import { gauge } from './instruments.ts'
import { backlog, connectionMs, connectionsMax, headBytesMax } from './limits.ts'
import { type LogSources, logMetrics } from './log-metrics.ts'
import { type ServerSources, serverMetrics } from './server-metrics.ts'

/** The metrics of a broker; its parts are added as they come into being. */
export class Metrics {
  readonly #http: Http
  readonly #logger: Logger
  readonly #registry = new Registry()
  #isReady = false
  #listener: NetworkListener | undefined
  /** The text that is being gathered; all who ask meanwhile get the same. */
  #gathering: Promise<string> | undefined
  #scrapeCount = 0

  constructor(http: Http, logger: Logger) {
    this.#http = http
    this.#logger = logger
    collectDefaultMetrics({ register: this.#registry })
    gauge(
      this.#registry,
      {
        name: 'odradek_ready',
        help: 'Whether the broker takes requests: 0 while it starts, 1 from then on.',
      },
      () => (this.#isReady ? 1 : 0),
    )
  }

  /** Opens the port; resolves to where. Rejects with the system's error. */
  async listen(endpoint: { host: string; port: number }): Promise<{ host: string; port: number }> {
    const options = { ...endpoint, backlog, connectionsMax, headBytesMax, connectionMs }
    this.#listener = await this.#http.listen(options, (request) => this.#serve(request))
    return { host: this.#listener.host, port: this.#listener.port }
  }

  /** Says what the server does, too, from now on. */
  watchServer(sources: ServerSources): void {
    serverMetrics(this.#registry, { ...sources, server: this.#oncePerScrape(sources.server) })
  }

  /** Says how the logs are, too, from now on. */
  watchLog(sources: LogSources): void {
    logMetrics(this.#registry, { ...sources, log: this.#oncePerScrape(sources.log) })
  }

  /** Says what groups and transactions there are, too, from now on. */
  watchCoordinators(sources: CoordinatorSources): void {
    coordinatorMetrics(this.#registry, sources)
  }

  /** The broker takes requests from now on. */
  ready(): void {
    this.#isReady = true
  }

  /** Closes the port and all connections to it. */
  async close(): Promise<void> {
    await this.#listener?.close()
  }

  /** Many metrics are read from the same figures, which are asked for once a scrape. */
  #oncePerScrape<T>(read: () => T): () => T {
    let known: { scrape: number; value: T } | undefined
    return () => {
      if (known?.scrape !== this.#scrapeCount) known = { scrape: this.#scrapeCount, value: read() }
      return known.value
    }
  }

  async #gather(): Promise<string> {
    this.#scrapeCount += 1
    const text = await this.#registry.metrics()
    // The library spells it as no reader has to understand; the mean of no event loop delays is one.
    return text.replaceAll(/ Nan$/gm, ' NaN')
  }

  async #serve({ method, path }: HttpRequest): Promise<HttpAnswer> {
    if (path !== '/metrics') return plain(404, 'There is nothing here: metrics are at /metrics.\n')
    if (method !== 'GET')
      return plain(405, 'Metrics can only be read: use GET.\n', { Allow: 'GET' })
    try {
      this.#gathering ??= this.#gather().finally(() => {
        this.#gathering = undefined
      })
      return { status: 200, headers: { 'Content-Type': textFormat }, text: await this.#gathering }
    } catch (error) {
      this.#logger.error('the metrics could not be gathered', { error: String(error) })
      return plain(500, 'The metrics could not be gathered: the log of the broker says why.\n')
    }
  }
}

const textFormat = Registry.PROMETHEUS_CONTENT_TYPE

const plain = (status: number, text: string, headers = {}): HttpAnswer => ({
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers },
  text,
})
