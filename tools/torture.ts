// `npm run torture -- --kills 100 --seed 1`: see torture/torture.ts.
import { parseArgs } from 'node:util'
import { torture } from './torture/torture.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
  },
})
const kills = Number(values.kills)
const seed = Number(values.seed)
const again = `npm run torture -- --kills ${kills} --seed ${seed}`
console.log(again)
try {
  const report = await torture({ kills, seed, say: (line) => console.log(line) })
  console.log(
    `${report.kills} kills and ${report.stops} stops: ${report.acknowledged} of ${report.records} records ` +
      `in ${report.topics} topics were acknowledged, and all of them are there`,
  )
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error)
  console.error(`again: ${again}`)
  process.exitCode = 1
}
