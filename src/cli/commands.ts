import type { World } from '#world'
import { type Command, CommandError } from './command.ts'
import { exportKafka } from './offline/export-kafka.ts'
import { importKafka } from './offline/import-kafka.ts'
import { logRepair } from './offline/log-repair.ts'
import { logVerify } from './offline/log-verify.ts'

const commands: ReadonlyMap<string, Command> = new Map([
  ['log verify', logVerify],
  ['log repair', logRepair],
  ['import kafka', importKafka],
  ['export kafka', exportKafka],
])

/** Where a command's words go. */
export interface CommandOutput {
  say: (line: string) => void
  complain: (line: string) => void
}

/** Runs the command that a command line names; resolves to the exit code of the process. */
export const runCommand = async (
  args: readonly string[],
  world: World,
  { say, complain }: CommandOutput,
): Promise<number> => {
  const name = args.slice(0, 2).join(' ')
  try {
    const command = commands.get(name)
    if (!command)
      throw new CommandError(
        `There is no command '${name}': there are ${[...commands.keys()].join(', ')}.`,
      )
    return await command({ args: args.slice(2), world, say })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    complain(error.message)
    return 1
  }
}
