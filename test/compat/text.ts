import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'

/** Lines longer than this would need a larger `max.message.bytes`. */
const lineSizeMax = 200_000

/**
 * Real text: the sources under node_modules joined, in the order of their names, without empty lines,
 * until there are `sizeMax` bytes. No line ends in a newline.
 */
export const realLines = (sizeMax: number): string[] => {
  const lines: string[] = []
  let size = 0
  for (const path of globSync('node_modules/**/*.{js,ts,md}').sort()) {
    for (const line of readFileSync(path, 'utf8').split(/\r?\n/)) {
      // A byte that is no UTF-8 would be read back as something else by every text client.
      if (line.trim() === '' || line.length > lineSizeMax || line.includes('\ufffd')) continue
      if (size + line.length > sizeMax) return lines
      lines.push(line)
      size += Buffer.byteLength(line) + 1
    }
  }
  return lines
}

/** Groups lines so that each group stays below a batch's usual bound. */
export const inGroups = (lines: readonly string[], sizeMax = 400_000): string[][] => {
  const groups: string[][] = []
  let size = Number.POSITIVE_INFINITY
  for (const line of lines) {
    if (size + line.length > sizeMax) {
      groups.push([])
      size = 0
    }
    groups.at(-1)!.push(line)
    size += line.length + 20
  }
  return groups
}

/** What tells one text from another: lines, bytes and a hash. */
export const fingerprint = (text: string | Buffer): string => {
  const bytes = Buffer.from(text)
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
  return `${bytes.length} bytes ${hash}`
}
