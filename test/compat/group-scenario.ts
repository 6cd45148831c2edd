// A group that grows and shrinks under load while its broker is killed: every record is taken at least
// once, in the order of its partition, none is skipped, and committed offsets never go back.
import { deepEqual } from 'node:assert/strict'
import { createTopic, spawnBroker, temporaryFolder, until } from '#testing'
import { GroupLoad, GroupWatch } from './group-load.ts'
import { GroupMember, type MemberCommand } from './group-member.ts'

const partitions = 6
const patienceMs = 60_000

/** What brokers of group tests run with: nobody waits for members that are not there. */
export const groupSettings = ['group.initial.rebalance.delay.ms=0']

/** Members of the newer protocol hear of changes as soon as those of the classic one here. */
export const newerSettings = [
  'group.consumer.min.heartbeat.interval.ms=100',
  'group.consumer.heartbeat.interval.ms=200',
]

/** One member, then five, then the broker is killed, then two; throws what went wrong. */
export const scaleGroup = async (
  groupId: string,
  command: MemberCommand,
  moreSettings: readonly string[] = [],
): Promise<void> => {
  const folder = temporaryFolder()
  const sets = [...groupSettings, ...moreSettings]
  let broker = await spawnBroker({ folder: folder.path, sets })
  const { port } = broker
  const client = await broker.connect()
  const topic = await createTopic(client, 'load', { partitions })
  client.close()
  const load = new GroupLoad(() => port, topic, partitions)
  const watch = new GroupWatch(() => port, groupId, topic, partitions)
  const { onRecord } = watch
  const members: GroupMember[] = []
  const startMember = (): void => {
    members.push(new GroupMember(command, { port, groupId, topics: [topic.name], onRecord }))
  }
  const untilAllTake = async (): Promise<void> => {
    const before = members.map(({ count }) => count)
    const allTake = (): boolean => {
      const fault = members.map((member) => member.fault).find((each) => each !== undefined)
      if (fault) throw new Error(fault)
      return members.every(({ count }, index) => count > before[index]! + 20)
    }
    await until(`all ${members.length} members take records`, allTake, patienceMs)
  }
  try {
    startMember()
    await untilAllTake()
    for (let count = 1; count < 5; count += 1) startMember()
    await untilAllTake()
    await broker.kill()
    broker = await spawnBroker({ folder: folder.path, port, sets })
    await untilAllTake()
    await Promise.all(members.splice(0, 3).map((member) => member.stop()))
    await untilAllTake()
    await load.stop()
    await watch.untilAllIsRead(load.acknowledged)
    await Promise.all(members.splice(0).map((member) => member.stop()))
    await watch.stop()
    deepEqual(watch.faults, [])
  } finally {
    await Promise.all(members.map((member) => member.kill()))
    await load.stop()
    await watch.stop()
    await broker.remove()
    folder.remove()
  }
}
