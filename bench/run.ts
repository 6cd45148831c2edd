// `npm run bench -- [question…] [--against kafka] [--rounds N] [--messages N] [--keys N]`
//
// Asks each question of this checkout's broker and, with `--against kafka`, of Apache Kafka 4.3 interleaved
// (A B A B), each time of a fresh process on a fresh folder, in each condition that the question names. What
// was stored is checked before a figure counts. Prints ratios of the pairs and leaves everything in
// bench/results/ as JSON.
import { parseArgs } from 'node:util'
import { kafkaMissing } from './control/kafka.ts'
import { ratios, type Spread, spread } from './figures.ts'
import { acknowledgementQuestions } from './questions/acknowledgements.ts'
import { compactionQuestion } from './questions/compaction.ts'
import { consumeQuestions } from './questions/consume.ts'
import { curveQuestions } from './questions/curves.ts'
import { groupScaleQuestions } from './questions/group-scale.ts'
import { groupQuestions } from './questions/groups.ts'
import { idleQuestions } from './questions/idle.ts'
import { latencyQuestions } from './questions/latency.ts'
import { produceQuestions } from './questions/produce.ts'
import type { Figure, Question } from './questions/question.ts'
import { restartQuestions } from './questions/restarts.ts'
import { transactionQuestions } from './questions/transactions.ts'
import { type Asked, type Measured, writeResults } from './results.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    against: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    messages: { type: 'string', default: '5000000' },
    keys: { type: 'string', default: '1000000' },
  },
})

const questions: readonly Question[] = [
  ...produceQuestions(),
  ...consumeQuestions(),
  ...latencyQuestions(),
  ...idleQuestions(),
  ...groupQuestions(),
  ...groupScaleQuestions(),
  ...acknowledgementQuestions(),
  ...restartQuestions(),
  ...transactionQuestions(),
  ...curveQuestions(),
  compactionQuestion({ recordCount: Number(values.messages), keyCount: Number(values.keys) }),
]
const unknown = positionals.filter((name) => questions.every((each) => each.name !== name))
if (unknown.length > 0) {
  const names = questions.map(({ name }) => name).join(', ')
  console.error(`there is no question ${unknown.join(' or ')}; there are ${names}`)
  process.exit(2)
}
const chosen = questions.filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
)
const missing = values.against === 'kafka' ? kafkaMissing() : undefined
if (missing) console.log(`without the control: ${missing}`)
const withControl = values.against === 'kafka' && !missing
const rounds = Number(values.rounds)

/** Each round asks ours and then the control, in one condition after the other. */
const ask = async (question: Question): Promise<Measured[]> => {
  const conditions = question.conditions ?? (['fresh'] as const)
  const measured = conditions.map((condition) => ({
    condition,
    odradek: [] as Figure[],
    kafka: [] as Figure[],
  }))
  for (let round = 0; round < rounds; round += 1) {
    let warm: Figure | undefined
    for (const { condition, odradek, kafka } of measured) {
      // Ours does the same under `hot` and `flushed`: one run stands beside both of the control's.
      const ours = condition === 'fresh' || !warm ? await question.ask('odradek', condition) : warm
      if (condition !== 'fresh') warm = ours
      odradek.push(ours)
      if (withControl) kafka.push(await question.ask('kafka', condition))
    }
  }
  await question.end?.()
  return measured
}

const show = (number: number): string =>
  number >= 1000 ? Math.round(number).toString() : number.toPrecision(3)
const shown = ({ median, min, max }: Spread): string =>
  `${show(median)} (${show(min)}–${show(max)})`

const print = ({ condition, odradek, kafka }: Measured): void => {
  console.log(` ${condition}`)
  for (const key of Object.keys(odradek[0]!)) {
    const theirs = spread(kafka, key)
    const ratio = ratios(odradek, kafka, key)
    const control = theirs && ratio ? ` · kafka ${shown(theirs)} · ratio ${shown(ratio)}` : ''
    console.log(`  ${key}: odradek ${shown(spread(odradek, key)!)}${control}`)
  }
}

const asked: Asked[] = []
for (const question of chosen) {
  console.log(`${question.name}: ${question.title}`)
  const measured = await ask(question)
  for (const each of measured) print(each)
  const { name, title } = question
  const command = `npm run bench -- ${name} --against kafka`
  asked.push({ question: name, title, command, measured })
}
console.log(`written to ${writeResults(asked)}`)
