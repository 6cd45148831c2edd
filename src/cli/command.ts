import type { World } from '#world'

/** What a command works with. */
export interface CommandContext {
  /** What stands behind the command's name on the command line. */
  args: readonly string[]
  world: World
  /** Prints a line for the user. */
  say: (line: string) => void
}

/** Runs a command; resolves to the exit code of the process. */
export type Command = (context: CommandContext) => Promise<number>

/** The command cannot be done as it was asked for; the message is one sentence that says what to do. */
export class CommandError extends Error {}
