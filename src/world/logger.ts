/** What a log line carries beside its sentence. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** Lines for the person who runs the broker: a sentence, then fields. */
export interface Logger {
  info(sentence: string, fields?: LogFields): void
  warn(sentence: string, fields?: LogFields): void
  error(sentence: string, fields?: LogFields): void
}

type Level = 'info' | 'warn' | 'error'
type Sink = (line: string) => void

const logger = (
  line: (level: Level, sentence: string, fields: LogFields) => string,
  sink: Sink,
) => {
  const at =
    (level: Level) =>
    (sentence: string, fields: LogFields = {}) =>
      sink(`${line(level, sentence, fields)}\n`)
  return { info: at('info'), warn: at('warn'), error: at('error') } satisfies Logger
}

const printable = (value: unknown): string => {
  const text = String(value)
  return /^[\w.:/@+-]+$/.test(text) ? text : JSON.stringify(text)
}

/** Log lines for a terminal: time, level, sentence, `name=value` fields. */
export const textLogger = (nowMs: () => number, sink: Sink): Logger =>
  logger((level, sentence, fields) => {
    const pairs = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ` ${name}=${printable(value)}`)
    return `${new Date(nowMs()).toISOString()} ${level} ${sentence}${pairs.join('')}`
  }, sink)

/** Log lines for a collector: one JSON object each, with `time`, `level`, `message` and the fields. */
export const jsonLogger = (nowMs: () => number, sink: Sink): Logger =>
  logger(
    (level, message, fields) =>
      JSON.stringify({ time: new Date(nowMs()).toISOString(), level, message, ...fields }),
    sink,
  )
