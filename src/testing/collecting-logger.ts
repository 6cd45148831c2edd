import { type Logger, textLogger } from '#world'

/** A logger whose lines a test can read. */
export const collectingLogger = (): Logger & { lines: string[] } => {
  const lines: string[] = []
  return {
    ...textLogger(
      () => 0,
      (line) => lines.push(line),
    ),
    lines,
  }
}
