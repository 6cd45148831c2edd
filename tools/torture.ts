// Long runs of what `npm test` tries a little of; each says how to run it again.
//   npm run torture -- --kills 100 --seed 1     kills real brokers: see torture/torture.ts
//   npm run torture -- --cuts 100000 --seed 1   cuts the power of simulated ones: see cuts/history.ts
//   npm run torture -- --days 5000 --seed 1     days of retention and compaction: see days/history.ts
//   npm run torture -- --groups 10000 --seed 1  groups in disorder: see groups/history.ts
//   npm run torture -- --transactions 5000 --seed 1  transactions under fire: see transactions/history.ts
import { parseArgs } from 'node:util'
import { cutThePower } from './cuts/cuts.ts'
import { liveThroughDays } from './days/days.ts'
import { groupHistories } from './groups/groups.ts'
import { torture } from './torture/torture.ts'
import { liveThroughMany } from './transactions/histories.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string' },
    cuts: { type: 'string' },
    days: { type: 'string' },
    groups: { type: 'string' },
    transactions: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
  },
})
const seed = Number(values.seed)
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

const disturbGroups = async (count: number): Promise<void> => {
  const report = await groupHistories({ histories: count, seed, say })
  say(
    `${count} histories of groups with ${report.clients} members and ${report.restarts} restarts: nobody owned ` +
      `what another owned, all found together, and ${report.comparisons} looks found the store right`,
  )
}

const transact = async (count: number): Promise<void> => {
  const report = await liveThroughMany({ histories: count, seed, say })
  say(
    `${count} histories with ${report.takeovers} zombies, ${report.restarts} restarts and ${report.cuts} power ` +
      `cuts: ${report.commits} transactions were committed, and each is there once and whole`,
  )
}

const kill = async (kills: number): Promise<void> => {
  const report = await torture({ kills, seed, say })
  say(
    `${report.kills} kills and ${report.stops} stops: ${report.acknowledged} of ${report.records} records ` +
      `in ${report.topics} topics were acknowledged, and all of them are there`,
  )
}

const runs = {
  cuts: cutPower,
  days: passDays,
  groups: disturbGroups,
  transactions: transact,
  kills: kill,
}
const names = Object.keys(runs) as (keyof typeof runs)[]
const name = names.find((each) => values[each] !== undefined) ?? 'kills'
const count = Number(values[name] ?? 20)
const again = `npm run torture -- --${name} ${count} --seed ${seed}`

say(again)
try {
  await runs[name](count)
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error)
  console.error(`again: ${again}`)
  process.exitCode = 1
}
