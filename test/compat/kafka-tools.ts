// Kafka's command-line tools, all of them in one JVM, and the tables that they print.
import { javaProgram } from './java-programs.ts'
import { type RunningProgram, startProgram } from './programs.ts'

const packageOfTools = 'org.apache.kafka.tools'

export class KafkaTools {
  readonly #program: RunningProgram

  constructor() {
    const [program, ...args] = javaProgram('KafkaTool')
    this.#program = startProgram(program, args)
  }

  /** Runs a tool, which is named by its class; resolves to all that it prints. */
  async run(tool: string, ...args: readonly string[]): Promise<string> {
    return JSON.parse(
      await this.#program.ask(JSON.stringify([`${packageOfTools}.${tool}`, ...args])),
    )
  }

  stop(): Promise<void> {
    return this.#program.stop()
  }
}

/** The rows of a printed table below the line that begins with its first column's title. */
export const rowsOf = (output: string, firstTitle: string): Record<string, string>[] => {
  const lines = output.split('\n').map((line) => line.trim().split(/\s+/))
  const start = lines.findIndex(([first]) => first === firstTitle)
  if (start < 0) throw new Error(`no table: ${output}`)
  const titles = lines[start]!
  return lines
    .slice(start + 1)
    .filter((line) => line.length === titles.length)
    .map((line) => Object.fromEntries(titles.map((title, index) => [title, line[index]!])))
}
