// `npm run fuzz -- --seconds 60 --seed 1`: see fuzz/fuzz.ts.
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz/fuzz.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
  },
})
const seconds = Number(values.seconds)
const seed = Number(values.seed)
const again = `npm run fuzz -- --seconds ${seconds} --seed ${seed}`
const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`
console.log(again)
try {
  const report = await fuzz({ seconds, seed, say: (line) => console.log(line) })
  const { residentBytesAtStart, residentBytesMax, slowestLookMs } = report
  console.log(
    `${report.attacks} attacks: no crash, no hang; memory ${megabytes(residentBytesAtStart)} at the start ` +
      `and ${megabytes(residentBytesMax)} at most; a well-behaved client waited ${slowestLookMs} ms at most`,
  )
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error)
  console.error(`again: ${again}`)
  process.exitCode = 1
}
