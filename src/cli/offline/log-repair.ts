import { forgetCleanStop, repairPartition } from '#log'
import { type Command, CommandError } from '../command.ts'
import { verify } from './log-verify.ts'
import { dataFolderOf, withStoppedFolder } from './stopped-folder.ts'

/**
 * `odradek log repair [--data DIR]`: cuts what is damaged out of the partitions of a stopped broker, says
 * what is lost, and keeps each damaged file beside the mended one.
 */
export const logRepair: Command = async ({ args, world, say }) =>
  withStoppedFolder(dataFolderOf(args), world, async (folder) => {
    if (!folder.isClean)
      throw new CommandError(
        'The broker did not stop in order: start it, which mends what a crash leaves, and stop it first.',
      )
    const findings = await verify(folder, world, say)
    let left = 0
    for (const { name, inspection } of findings) {
      if (inspection) {
        await repairPartition(world.disk, inspection)
        say(`${name}: mended; the damaged files are kept as *.damaged`)
      } else {
        left += 1
        say(`${name}: put the folder back, or delete the topic and make it again`)
      }
    }
    if (findings.length > left) await forgetCleanStop(world.disk, folder.path)
    return left === 0 ? 0 : 1
  })
