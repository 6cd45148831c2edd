// Compacts the log in a data folder once, while small durable appends to another one go on, and prints how
// long that took, the memory it needed, and what the appends and the event loop felt of it.
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { buildBatch } from '#records'
import { append, openLog, partitionOf } from './compaction-log.ts'

const appendEveryMs = 10
const folder = process.argv[2]!
const log = openLog(folder)
const [id, other] = [partitionOf(0), partitionOf(1, { compacted: false })]
await log.open([id, other])

const record = { timestampMs: Date.now(), key: Buffer.from('k'), value: Buffer.alloc(100) }
const latencies: number[] = []
let isCleaning = true
const appendAllTheTime = async (): Promise<void> => {
  while (isCleaning) {
    const startedMs = performance.now()
    await append(log, other, buildBatch([record]))
    latencies.push(performance.now() - startedMs)
    await new Promise((resolve) => setTimeout(resolve, appendEveryMs))
  }
}

const peakMb = (): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
const quantile = (numbers: readonly number[], share: number): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * share)] ?? 0

const rssMbBefore = process.memoryUsage.rss() / 1024 / 1024
const appending = appendAllTheTime()
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const cpuBefore = process.cpuUsage()
const startedMs = performance.now()
const count = await log.compact()
const seconds = (performance.now() - startedMs) / 1000
const { user, system } = process.cpuUsage(cpuBefore)
delay.disable()
isCleaning = false
await appending
await log.close()
if (count !== 1) throw new Error('the log was not due')
console.log(
  JSON.stringify({
    seconds,
    cleanerCpuSeconds: (user + system) / 1e6,
    rssMbMost: peakMb(),
    rssMbBefore,
    loopDelayMsP99: delay.percentile(99) / 1e6,
    loopDelayMsMost: delay.max / 1e6,
    appendMsP50: quantile(latencies, 0.5),
    appendMsP99: quantile(latencies, 0.99),
  }),
)
