// `npm run bench -- [question…] [--against kafka] [--rounds N] [--messages N] [--keys N]`
//
// Runs each question against this checkout's broker and, with `--against kafka`, against Apache Kafka
// 4.3 interleaved (A B A B), each time a fresh process on a fresh folder. What was stored is checked
// before a figure counts. Prints ratios of the pairs and leaves everything in bench/results/ as JSON.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { kafkaMissing } from './control/kafka.ts'
import { acknowledgementQuestions } from './questions/acknowledgements.ts'
import { compactionQuestion } from './questions/compaction.ts'
import { groupScaleQuestions } from './questions/group-scale.ts'
import { groupQuestions } from './questions/groups.ts'
import { produceQuestions } from './questions/produce.ts'
import type { Figure } from './questions/question.ts'
import { restartQuestions } from './questions/restarts.ts'
import { transactionQuestions } from './questions/transactions.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    against: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    messages: { type: 'string', default: '5000000' },
    keys: { type: 'string', default: '1000000' },
  },
})

const questions = [
  ...produceQuestions(Number(values.messages)),
  ...groupQuestions(),
  ...groupScaleQuestions(),
  ...acknowledgementQuestions(),
  ...restartQuestions(),
  ...transactionQuestions(),
  compactionQuestion({ recordCount: Number(values.messages), keyCount: Number(values.keys) }),
]
const chosen = questions.filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
)
if (chosen.length === 0) {
  console.error(`no such question; there are ${questions.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
const missing = values.against === 'kafka' ? kafkaMissing() : undefined
if (missing) console.log(`without the control: ${missing}`)
const withControl = values.against === 'kafka' && !missing

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const summary = (figures: readonly Figure[], key: string): string => {
  const numbers = figures.map((figure) => figure[key]!)
  return `${median(numbers).toPrecision(4)} (${Math.min(...numbers).toPrecision(3)}–${Math.max(...numbers).toPrecision(3)})`
}

const results: object[] = []
for (const question of chosen) {
  const ours: Figure[] = []
  const theirs: Figure[] = []
  for (let round = 0; round < Number(values.rounds); round += 1) {
    ours.push(await question.ask('odradek'))
    if (withControl) theirs.push(await question.ask('kafka'))
  }
  console.log(`${question.name}: ${question.title}`)
  await question.end?.()
  for (const key of Object.keys(ours[0]!)) {
    const ratios = theirs.map((figure, round) => ours[round]![key]! / figure[key]!)
    const control =
      withControl && theirs[0]?.[key] !== undefined
        ? ` · kafka ${summary(theirs, key)} · ratio ${median(ratios).toFixed(2)}`
        : ''
    console.log(`  ${key}: odradek ${summary(ours, key)}${control}`)
  }
  results.push({ question: question.name, title: question.title, odradek: ours, kafka: theirs })
}

mkdirSync('bench/results', { recursive: true })
const machine = { cpus: cpus().map(({ model }) => model), memory: totalmem(), kernel: release() }
const stamp = new Date().toISOString()
const file = `bench/results/${stamp.slice(0, 19).replaceAll(':', '')}.json`
writeFileSync(
  file,
  `${JSON.stringify({ stamp, node: process.version, machine, results }, null, 2)}\n`,
)
console.log(`written to ${file}`)
