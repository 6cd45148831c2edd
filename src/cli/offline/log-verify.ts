import { join } from 'node:path'
import { describeDamage, type Inspection, inspectPartition } from '#log'
import type { World } from '#world'
import type { Command } from '../command.ts'
import { dataFolderOf, type StoppedFolder, withStoppedFolder } from './stopped-folder.ts'

/** A partition that is damaged, or whose folder is gone. */
export interface Finding {
  name: string
  /** Undefined when there is no folder any more. */
  inspection: Inspection | undefined
}

/** `odradek log verify [--data DIR]`: checks every batch of a stopped broker; exits with 1 where any is damaged. */
export const logVerify: Command = async ({ args, world, say }) => {
  const findings = await withStoppedFolder(dataFolderOf(args), world, (folder) =>
    verify(folder, world, say),
  )
  if (findings.length > 0) say('`odradek log repair` cuts out what is damaged and keeps the files.')
  return findings.length === 0 ? 0 : 1
}

/** Inspects each partition, says what is wrong, and returns those that are damaged. */
export const verify = async (
  { path, isClean, partitions, checkpoints }: StoppedFolder,
  { disk }: World,
  say: (line: string) => void,
): Promise<Finding[]> => {
  if (!isClean)
    say(
      'The broker did not stop in order, or files were mended since: start and stop it once, and look again.',
    )
  const findings: Finding[] = []
  let batches = 0
  let bytes = 0
  for (const name of partitions) {
    const recoveryPoint = checkpoints.recoveryPoints.get(name) ?? 0
    const isThere = (await disk.list(path)).includes(name)
    if (!isThere) {
      if (recoveryPoint === 0) continue
      say(`${name}: the folder is gone, with all records before offset ${recoveryPoint}`)
      findings.push({ name, inspection: undefined })
      continue
    }
    const inspection = await inspectPartition(disk, join(path, name), {
      recoveryPoint,
      logStart: checkpoints.logStarts.get(name),
      cleanedTo: checkpoints.cleaned.get(name),
    })
    batches += inspection.batches
    bytes += inspection.bytes
    const lines = describeDamage(inspection)
    for (const line of lines) say(`${name}: ${line}`)
    if (inspection.tornTail)
      say(`${name}: ${inspection.tornTail.size} bytes at the end were torn; a start cuts them`)
    if (lines.length > 0) findings.push({ name, inspection })
  }
  say(
    `${partitions.length} partitions, ${batches} batches, ${bytes} bytes: ${findings.length} damaged`,
  )
  return findings
}
