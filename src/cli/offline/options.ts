import { CommandError } from '../command.ts'

/** Which options a command takes: those with a value, and those that are only there or not. */
interface Taken {
  valued: readonly string[]
  plain: readonly string[]
}

/** What was given: values by the option's name, and the options without one. */
export interface Options {
  values: ReadonlyMap<string, string>
  plain: ReadonlySet<string>
}

/** Reads `--name VALUE`, `--name=VALUE` and `--name`; throws a `CommandError` with `usage` for anything else. */
export const readOptions = (
  args: readonly string[],
  { valued, plain }: Taken,
  usage: string,
): Options => {
  const values = new Map<string, string>()
  const given = new Set<string>()
  for (let index = 0; index < args.length; index += 1) {
    const [, name = '', attached] = /^(--[a-z-]+)(?:=(.+))?$/s.exec(args[index]!) ?? []
    const value = attached ?? args[index + 1]
    if (valued.includes(name) && attached === undefined) index += 1
    if (valued.includes(name) && value !== undefined && !values.has(name)) values.set(name, value)
    else if (plain.includes(name) && attached === undefined) given.add(name)
    else throw new CommandError(usage)
  }
  return { values, plain: given }
}
