/** One line of metrics: a name, labels, a number. */
export interface Sample {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

/** One metric with all its lines. */
export interface MetricFamily {
  name: string
  help: string
  type: string
  samples: readonly Sample[]
}

const helpLine = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/
const typeLine = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/
const number = /^(?:[+-]?Inf|NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/

/**
 * Reads the text format of Prometheus, version 0.0.4, and throws for any line that is not of it: each metric
 * has one HELP and one TYPE before its lines, its lines stand together, none stands twice, and the
 * buckets of a histogram rise to its count.
 */
export const readExposition = (text: string): Map<string, MetricFamily> => {
  if (!text.endsWith('\n')) throw new Error('the text does not end with a line feed')
  const families = new Map<string, MetricFamily & { samples: Sample[] }>()
  let helped: { name: string; help: string } | undefined
  let current: (MetricFamily & { samples: Sample[] }) | undefined
  const seen = new Set<string>()
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue
    const help = helpLine.exec(line)
    const type = typeLine.exec(line)
    if (help) helped = { name: help[1]!, help: help[2]! }
    else if (type) {
      const name = type[1]!
      if (helped?.name !== name) throw new Error(`${name} has no HELP before its TYPE`)
      if (families.has(name)) throw new Error(`${name} is there twice`)
      current = { name, help: helped.help, type: type[2]!, samples: [] }
      families.set(name, current)
    } else {
      const sample = readSample(line)
      if (!current || !belongs(sample.name, current))
        throw new Error(`a line stands outside its metric: ${line}`)
      const series = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`
      if (seen.has(series)) throw new Error(`a series is there twice: ${line}`)
      seen.add(series)
      current.samples.push(sample)
    }
  }
  for (const family of families.values()) checkFamily(family)
  return families
}

const readSample = (line: string): Sample => {
  const match = sampleLine.exec(line)
  if (!match || !number.test(match[3]!)) throw new Error(`no line of the format: ${line}`)
  const labels: Record<string, string> = {}
  for (let rest = match[2] ?? ''; rest !== ''; ) {
    const next = label.exec(rest)
    if (!next) throw new Error(`no labels of the format: ${line}`)
    const [whole, name, value] = next
    if (Object.hasOwn(labels, name!)) throw new Error(`a label is there twice: ${line}`)
    labels[name!] = value!.replace(/\\([\\n"])/g, (_, escaped) =>
      escaped === 'n' ? '\n' : escaped,
    )
    rest = rest.slice(whole.length)
  }
  return { name: match[1]!, labels, value: Number(match[3]!.replace('Inf', 'Infinity')) }
}

const belongs = (sample: string, { name, type }: MetricFamily): boolean => {
  if (type === 'histogram')
    return [`${name}_bucket`, `${name}_sum`, `${name}_count`].includes(sample)
  if (type === 'summary') return [name, `${name}_sum`, `${name}_count`].includes(sample)
  return sample === name
}

const checkFamily = ({ name, type, samples }: MetricFamily): void => {
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0)))
    throw new Error(`the counter ${name} is below zero`)
  if (type !== 'histogram') return
  const counts = samples.filter((sample) => sample.name === `${name}_count`)
  for (const { labels, value } of counts) {
    const buckets = samples.filter(
      (sample) =>
        sample.name === `${name}_bucket` &&
        Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    )
    let below = 0
    let bound = Number.NEGATIVE_INFINITY
    for (const bucket of buckets) {
      const le = Number(bucket.labels.le!.replace('Inf', 'Infinity'))
      if (!(le > bound) || bucket.value < below) throw new Error(`${name} has buckets in no order`)
      bound = le
      below = bucket.value
    }
    if (bound !== Number.POSITIVE_INFINITY || below !== value)
      throw new Error(`${name} has buckets that do not add up to its count`)
  }
}
