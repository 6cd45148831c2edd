import { SettingsError } from './settings-error.ts'

/** One key of a properties file. */
export interface Property {
  key: string
  value: string
  /** Where its logical line begins; the first line is 1. */
  line: number
}

/** A configuration file is read whole; one beyond this is something else. */
const textLengthMax = 1_048_576

/**
 * Reads a text in the form of `java.util.Properties`: `#` and `!` begin comments, a backslash at the
 * end joins a line with the next, `=`, `:` or blanks end a key, `\t \n \r \f \uXXXX` and any other
 * escaped character may stand in keys and values. Keys are given as often as they occur, in order.
 */
export const parseProperties = (name: string, text: string): Property[] => {
  if (text.length > textLengthMax)
    throw new SettingsError(
      `${name} is no settings file: it has more than ${textLengthMax} characters.`,
    )
  const properties: Property[] = []
  const withoutMark = text.replace(/^\uFEFF/, '')
  for (const { content, line } of logicalLines(withoutMark.split(/\r\n|\r|\n/))) {
    const [, key, value] = keyAndValue.exec(content)!
    const place = `${name}, line ${line}`
    properties.push({ key: unescaped(key!, place), value: unescaped(value!, place), line })
  }
  return properties
}

// The key: anything escaped, or anything that is no separator. Then blanks with at most one = or :.
const keyAndValue = /^((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)$/s

interface LogicalLine {
  content: string
  line: number
}

/** Joins continued lines, leaves out comments and blank lines; blanks that begin a line do not count. */
function* logicalLines(lines: readonly string[]): Generator<LogicalLine> {
  for (let index = 0; index < lines.length; index += 1) {
    let content = lines[index]!.replace(/^[ \t\f]+/, '')
    if (content === '' || content.startsWith('#') || content.startsWith('!')) continue
    const line = index + 1
    while (isContinued(content)) {
      index += 1
      content = content.slice(0, -1) + (lines[index] ?? '').replace(/^[ \t\f]+/, '')
    }
    if (content !== '') yield { content, line }
  }
}

/** An odd number of backslashes at the end: the last one is not escaped itself. */
const isContinued = (content: string): boolean => /(?<!\\)(?:\\\\)*\\$/.test(content)

const unescaped = (text: string, place: string): string =>
  text.replace(/\\(u[0-9a-fA-F]{4}|.?)/gs, (_, escaped: string) => {
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    if (escaped === 'u')
      throw new SettingsError(`In ${place}, \\u must be followed by four hexadecimal digits.`)
    return controls[escaped] ?? escaped
  })

const controls: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }
