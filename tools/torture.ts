// `npm run torture -- --kills 100 --seed 1` kills real brokers: see torture/torture.ts.
// `npm run torture -- --cuts 100000 --seed 1` cuts the power of simulated ones: see cuts/history.ts.
// `npm run torture -- --days 5000 --seed 1` lives through days of retention and compaction: see days/history.ts.
import { parseArgs } from 'node:util'
import { cutThePower } from './cuts/cuts.ts'
import { liveThroughDays } from './days/days.ts'
import { torture } from './torture/torture.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    cuts: { type: 'string' },
    days: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
  },
})
const kills = Number(values.kills)
const seed = Number(values.seed)
const cuts = values.cuts === undefined ? undefined : Number(values.cuts)
const days = values.days === undefined ? undefined : Number(values.days)
const whatElse = days === undefined ? `--kills ${kills}` : `--days ${days}`
const what = cuts === undefined ? whatElse : `--cuts ${cuts}`
const again = `npm run torture -- ${what} --seed ${seed}`
const say = (line: string): void => console.log(line)

const cutPower = async (count: number): Promise<void> => {
  const report = await cutThePower({ cuts: count, seed, say })
  say(
    `${report.cuts} power cuts: ${report.acknowledged} batches of ${report.records} records and ` +
      `${report.changes} changes of the metadata were acknowledged, and all of them are there`,
  )
}

const passDays = async (count: number): Promise<void> => {
  const { records, removed, steps } = await liveThroughDays({ days: count, seed, say })
  say(
    `${count} days of ${steps} steps: of ${records} records ${removed} went, and every step left both engines ` +
      'with what the rules say',
  )
}

const kill = async (): Promise<void> => {
  const report = await torture({ kills, seed, say })
  say(
    `${report.kills} kills and ${report.stops} stops: ${report.acknowledged} of ${report.records} records ` +
      `in ${report.topics} topics were acknowledged, and all of them are there`,
  )
}

say(again)
try {
  if (cuts !== undefined) await cutPower(cuts)
  else if (days !== undefined) await passDays(days)
  else await kill()
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error)
  console.error(`again: ${again}`)
  process.exitCode = 1
}
