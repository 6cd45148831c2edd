// `npm run bench:report`: writes the tables and plots of docs/performance.md from what was measured last of each
// question, between the marks that stand there.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { ratios, type Spread, spread } from './figures.ts'
import { type Goal, goals, type Row } from './report/goals.ts'
import { plot } from './report/plot.ts'
import { type Asked, latestResults, type Measured, type Results } from './results.ts'

const page = new URL('../docs/performance.md', import.meta.url)
const plots = new URL('../docs/performance/', import.meta.url)
const [begin, end] = ['<!-- begin: npm run bench:report -->', '<!-- end -->']

/** A row with what was measured for it. */
interface Cell {
  row: Row
  asked: Asked & { file: string; results: Results }
  measured: Measured
}

const found = latestResults()
const cells = goals.flatMap((row): Cell[] => {
  const asked = found.get(row.question)
  const measured = asked?.measured.find(({ condition }) => condition === row.condition)
  return asked && measured && measured.kafka.length > 0 ? [{ row, asked, measured }] : []
})

const short = (number: number): string => {
  if (number >= 1e6) return `${(number / 1e6).toPrecision(3)} M`
  if (number >= 10_000) return `${(number / 1000).toPrecision(3)} k`
  return number >= 100 ? Math.round(number).toString() : number.toPrecision(2)
}

const range = ({ median, min, max }: Spread): string =>
  `**${median.toPrecision(2)}** (${min.toPrecision(2)}–${max.toPrecision(2)})`

const isReached = ({ floor, smaller }: Goal, { median }: Spread): boolean =>
  smaller ? median <= floor : median >= floor

/** Ours, Kafka's, their ratio with its spread, and the floor with a word where it is not reached. */
const shown = ({ measured: { odradek, kafka } }: Cell, goal: Goal | undefined): string => {
  if (!goal) return '–'
  const ours = spread(odradek, goal.key)
  const theirs = spread(kafka, goal.key)
  const ratio = ratios(odradek, kafka, goal.key)
  if (!ours || !theirs || !ratio) return '–'
  const bound = `${goal.smaller ? '≤' : '≥'} ${goal.floor}`
  const verdict = isReached(goal, ratio) ? bound : `${bound}, **missed**`
  return `${short(ours.median)} · ${short(theirs.median)} · ${range(ratio)}; ${verdict}`
}

const table = (): string =>
  [
    '| question | Kafka | rate or time: Odradek · Kafka · ratio; floor | broker CPU or memory: the same | runs |',
    '| --- | --- | --- | --- | --- |',
    ...cells.map((cell) => {
      const { row, measured, asked } = cell
      const runs = `${measured.kafka.length}, \`${asked.file}\``
      return `| ${row.title} | ${row.condition} | ${shown(cell, row.rate)} | ${shown(cell, row.cost)} | ${runs} |`
    }),
  ].join('\n')

const commands = (): string => {
  const names = [...new Set(cells.map(({ asked }) => asked.question))]
  return ['```sh', ...names.map((name) => found.get(name)!.command), '```'].join('\n')
}

const bars = (side: 'rate' | 'cost') =>
  cells.flatMap(({ row, measured: { odradek, kafka } }) => {
    const goal = row[side]
    const ratio = goal && ratios(odradek, kafka, goal.key)
    return goal && ratio
      ? [{ label: `${row.title} (${row.condition})`, ratio, floor: goal.floor }]
      : []
  })

mkdirSync(plots, { recursive: true })
writeFileSync(new URL('rates.svg', plots), plot('Rate or time, as a ratio to Kafka', bars('rate')))
writeFileSync(new URL('costs.svg', plots), plot('CPU or memory, as a ratio to Kafka', bars('cost')))
const text = readFileSync(page, 'utf8')
const [head, rest] = text.split(begin)
const tail = rest?.split(end).slice(1).join(end)
if (tail === undefined) throw new Error(`docs/performance.md has no ${begin} and ${end}`)
const machine = cells[0]?.asked.results
const about = machine
  ? `Measured on ${machine.machine.cpus.length} × ${machine.machine.cpus[0]}, Linux ${machine.machine.kernel}, Node ${machine.node}.`
  : 'Nothing was measured yet.'
const plotted =
  '![Rates](performance/rates.svg)\n\n![CPU](performance/costs.svg)\n\nA bar is the median of the ratios of neighbouring runs, the line across it where they lie, the mark the floor.'
writeFileSync(
  page,
  `${head}${begin}\n\n${about}\n\n${table()}\n\n${plotted}\n\n${commands()}\n\n${end}${tail}`,
)
