// One setting as data: what its text may be, what value it becomes, what it is without any text.

export type SettingType =
  | 'boolean'
  | 'string'
  | 'int'
  | 'short'
  | 'long'
  | 'double'
  | 'list'
  | 'class'
  | 'password'

export type SettingValue = boolean | number | string | readonly string[] | null

/** A condition that the text of a setting, or each element of a list, has to meet. */
export interface Pattern {
  readonly expected: string
  matches(text: string): boolean
}

interface Rules {
  /** Bounds of a number, both inclusive. */
  readonly min?: number
  readonly max?: number
  /** A number allowed beside those within the bounds. */
  readonly also?: number
  /** The only texts allowed; of a list, the only elements. */
  readonly values?: readonly string[]
  readonly ignoreCase?: boolean
  readonly pattern?: Pattern
  /** Kafka lets it change while the broker runs. */
  readonly dynamic?: boolean
}

/** A setting whose value, once read, is of type `Value`. */
export interface Setting<Value extends SettingValue = SettingValue> extends Rules {
  readonly type: SettingType
  readonly default: Value
  /** It does something in this version; the others are accepted for the sake of Kafka's files. */
  readonly acts?: boolean
  /** What differs from Kafka, or what a setting of ours means. */
  readonly note?: string
}

type OrNull<Default, Value> = null extends Default ? Value | null : Value

export const intMax = 2_147_483_647
const shortMax = 32_767

/** What Java's largest long becomes as a number: the largest exact one. */
export const longMax = Number.MAX_SAFE_INTEGER
const longMaxText = '9223372036854775807'
const doubleMaxText = '1.7976931348623157E308'

const number =
  (type: 'int' | 'short' | 'long' | 'double') =>
  <Default extends number | null>(
    value: Default,
    rules: Rules = {},
  ): Setting<OrNull<Default, number>> => ({
    type,
    default: value as OrNull<Default, number>,
    ...rules,
  })

const text =
  (type: 'string' | 'class' | 'password') =>
  <Default extends string | null>(
    value: Default,
    rules: Rules = {},
  ): Setting<OrNull<Default, string>> => ({
    type,
    default: value as OrNull<Default, string>,
    ...rules,
  })

export const int = number('int')
export const short = number('short')
export const long = number('long')
export const double = number('double')
export const string = text('string')
export const className = text('class')
export const password = text('password')

export const boolean = (value: boolean, rules: Rules = {}): Setting<boolean> => ({
  type: 'boolean',
  default: value,
  ...rules,
})

export const list = <Default extends readonly string[] | null>(
  value: Default,
  rules: Rules = {},
): Setting<OrNull<Default, readonly string[]>> => ({
  type: 'list',
  default: value as OrNull<Default, readonly string[]>,
  ...rules,
})

/** A text that is one of a few. */
export const choice = <const Choice extends string>(
  value: NoInfer<Choice>,
  values: readonly Choice[],
  rules: Rules = {},
): Setting<Choice> => ({ type: 'string', default: value, values, ...rules })

/** A list of some of a few. */
export const choices = <const Choice extends string>(
  value: readonly NoInfer<Choice>[],
  values: readonly Choice[],
  rules: Rules = {},
): Setting<readonly Choice[]> => ({ type: 'list', default: value, values, ...rules })

/** Marks a setting that does something in this version. */
export const acting = <S extends Setting>(setting: S, note?: string): S => ({
  ...setting,
  acts: true,
  ...(note === undefined ? {} : { note }),
})

/** Says what differs from Kafka in a setting that does nothing. */
export const noted = <S extends Setting>(setting: S, note: string): S => ({ ...setting, note })

/** Which replicas of a topic are throttled: all, or pairs of partition and broker. */
export const throttledReplicas: Pattern = {
  expected: "'*' or pairs like 0:1 (partition:broker)",
  matches: (text) => text === '*' || /^\d+:\d+$/.test(text),
}

/** Where a share group begins that has no position yet. */
export const offsetReset: Pattern = {
  expected: 'latest, earliest or by_duration: with a duration like PT1H30M',
  matches: (text) =>
    /^(latest|earliest|by_duration:P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d{1,9})?S)?)?)$/i.test(
      text,
    ),
}

export const notEmpty: Pattern = {
  expected: 'a text that is not empty',
  matches: (text) => text !== '',
}

/** What the text of a setting was read as. */
export type Reading = { readonly value: SettingValue } | { readonly expected: string }

/**
 * Reads the text of a setting as Kafka does: blanks around it do not count, nor what a list names a
 * second time. A long beyond ±(2^53 - 1) becomes that. Of a text that is not allowed it says which ones would be.
 */
export const readSetting = (setting: Setting, text: string): Reading => {
  const value = parse(setting, text.trim())
  return value !== undefined && allows(setting, value)
    ? { value }
    : { expected: expectation(setting) }
}

/** Returns the text that Kafka prints for the value of a setting, null for none. */
export const textOf = ({ type }: Setting, value: SettingValue): string | null => {
  if (value === null) return null
  if (value === longMax) return longMaxText
  if (value === Number.MAX_VALUE) return doubleMaxText
  if (type === 'double' && Number.isInteger(value)) return `${value}.0`
  return Array.isArray(value) ? value.join(',') : String(value)
}

/** Returns the text of a setting as Kafka prints it back; all digits of a long too large for us stay. */
export const canonicalText = (setting: Setting, text: string): string | null => {
  const reading = readSetting(setting, text)
  if ('expected' in reading || isSaturated(reading.value)) return text.trim()
  return textOf(setting, reading.value)
}

const isSaturated = (value: SettingValue): boolean =>
  typeof value === 'number' && Math.abs(value) === longMax

const parse = (setting: Setting, text: string): SettingValue | undefined => {
  switch (setting.type) {
    case 'boolean':
      return parseBoolean(text.toLowerCase())
    case 'int':
      return parseWhole(text, -intMax - 1, intMax)
    case 'short':
      return parseWhole(text, -shortMax - 1, shortMax)
    case 'long':
      return parseLong(text)
    case 'double':
      return parseDouble(text)
    case 'list':
      return text === '' ? [] : [...new Set(text.split(/\s*,\s*/))]
    default:
      return text
  }
}

const parseBoolean = (text: string): boolean | undefined =>
  text === 'true' ? true : text === 'false' ? false : undefined

const wholeNumber = /^[+-]?\d{1,40}$/

const parseWhole = (text: string, min: number, max: number): number | undefined => {
  if (!wholeNumber.test(text)) return undefined
  const value = Number(text)
  return value >= min && value <= max ? value : undefined
}

const parseLong = (text: string): number | undefined => {
  if (!wholeNumber.test(text)) return undefined
  const exact = BigInt(text.replace(/^\+/, ''))
  if (BigInt.asIntN(64, exact) !== exact) return undefined
  return Math.max(-longMax, Math.min(longMax, Number(exact)))
}

const parseDouble = (text: string): number | undefined => {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined
  return Number(text)
}

const allows = (setting: Setting, value: SettingValue): boolean => {
  if (typeof value === 'number') return allowsNumber(setting, value)
  if (typeof value === 'string') return allowsText(setting, value)
  if (!Array.isArray(value)) return true
  return value.every((element: string) => element !== '' && allowsText(setting, element))
}

const allowsNumber = ({ min, max, also }: Setting, value: number): boolean =>
  value === also || (value >= (min ?? -Infinity) && value <= (max ?? Infinity))

const allowsText = ({ values, ignoreCase, pattern }: Setting, text: string): boolean => {
  if (pattern) return pattern.matches(text)
  if (!values) return true
  if (!ignoreCase) return values.includes(text)
  return values.some((value) => value.toLowerCase() === text.toLowerCase())
}

const expectation = (setting: Setting): string => {
  if (setting.type === 'boolean') return 'true or false'
  if (setting.pattern) return setting.pattern.expected
  if (setting.values) return expectedValues(setting, setting.values)
  if (setting.type === 'list') return 'a list with commas between its elements'
  return expectedNumber(setting)
}

const expectedValues = ({ type }: Setting, values: readonly string[]): string => {
  const [last, ...others] = values.toReversed()
  const either = others.length === 0 ? `${last}` : `${others.toReversed().join(', ')} or ${last}`
  return type === 'list' ? `a list of ${either}` : either
}

const article = { int: 'an int', short: 'a short', long: 'a long', double: 'a number' }

const expectedNumber = ({ type, min, max, also }: Setting): string => {
  const kind = article[type as keyof typeof article]
  const beside = also === undefined ? '' : `, or ${also}`
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}${beside}`
  if (min !== undefined) return `${kind} of at least ${min}${beside}`
  return type === 'double'
    ? kind
    : `${kind}: a whole number within ${widths[type as keyof typeof widths]} bits`
}

const widths = { int: 32, short: 16, long: 64 }
