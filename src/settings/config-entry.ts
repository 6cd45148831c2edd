import { kafkaError } from '#model'
import { nearest } from './nearest.ts'
import { readSetting, type Setting, type SettingValue } from './setting.ts'

/** The settings that things of one kind may have for themselves. */
export interface OwnSettings {
  /** What the kind is called in a sentence: `topic`, `group`. */
  readonly noun: string
  readonly table: Readonly<Record<string, Setting>>
}

/** How much of a bad value an answer repeats. */
const shownLengthMax = 200

/** The value that a text gives a setting; throws INVALID_CONFIG with the reason when there is none. */
export const readEntry = (
  { noun, table }: OwnSettings,
  name: string,
  text: string | null,
): SettingValue => {
  const setting = Object.hasOwn(table, name) ? table[name] : undefined
  if (!setting) {
    const meant = nearest(name, Object.keys(table))
    const advice = meant === undefined ? '.' : `: did you mean ${meant}?`
    const shown = name.slice(0, shownLengthMax)
    throw kafkaError('INVALID_CONFIG', `There is no ${noun} setting '${shown}'${advice}`)
  }
  if (text === null)
    throw kafkaError('INVALID_CONFIG', `The ${noun} setting ${name} needs a value.`)
  const reading = readSetting(setting, text)
  if ('value' in reading) return reading.value
  throw kafkaError(
    'INVALID_CONFIG',
    `The ${noun} setting ${name} must be ${reading.expected}, not '${text.slice(0, shownLengthMax)}'.`,
  )
}
