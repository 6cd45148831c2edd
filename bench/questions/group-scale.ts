// Consumer groups in numbers: many that beat, one that is large, and many that nobody is in.
import { Heartbeat, ListGroups, OffsetCommit, OffsetFetch } from '#protocol'
import { WireClient } from '#testing'
import { cpuSecondsOf, rssMbOf } from '../control/broker-cost.ts'
import type { RunningBroker } from '../control/kafka.ts'
import { frameOf, paced } from '../control/pipeline.ts'
import { GroupOfConsumers } from './consumer-members.ts'
import type { Measure } from './fresh-broker.ts'
import { onBroker, readTopic } from './group-broker.ts'
import { GroupOfMembers } from './group-members.ts'
import type { Figure, Question } from './question.ts'

const groupCount = 2000
const groupSize = 5
const heartbeatIntervalMs = 3000
/** Of each member. */
const heartbeatCount = 7
/** Groups that come together side by side, before it counts. */
const foundedTogether = 40

const wideGroupSize = 1000
const widePartitions = 2000

const storedGroupCount = 100_000

/** How far groups go. */
export const groupScaleQuestions = (): Question[] => [
  {
    name: 'groups-2000',
    title: `${groupCount} groups of ${groupSize} members, a heartbeat of each every ${heartbeatIntervalMs} ms`,
    ask: (name) => onBroker(name, manyGroups),
  },
  {
    name: 'group-consumers-1000',
    title: `${wideGroupSize} members of one group of the newer protocol over ${widePartitions} partitions: the first join, and all restarting at once`,
    ask: (name) => onBroker(name, oneWideGroup, widePartitions),
  },
  {
    name: 'groups-stored',
    title: `a restart with ${storedGroupCount} groups that have offsets and no members, until one is read, and all are listed`,
    ask: (name) => onBroker(name, storedGroups),
  },
]

const manyGroups = async (broker: RunningBroker): Promise<Figure> => {
  const groupIds = Array.from({ length: groupCount }, (_, index) => `g-${index}`)
  const left = groupIds.values()
  const beats: Buffer[] = []
  const found = async (): Promise<void> => {
    const clients: WireClient[] = []
    for (let index = 0; index < groupSize; index += 1)
      clients.push(await WireClient.connect(broker.port))
    for (const groupId of left) {
      const group = GroupOfMembers.over(clients, groupId)
      await group.settle()
      for (const { memberId, generationId } of group.members)
        beats.push(frameOf(Heartbeat, 4, { groupId, memberId, generationId }))
    }
    for (const client of clients) client.close()
  }
  await Promise.all(Array.from({ length: foundedTogether }, found))
  const frames = Array.from({ length: heartbeatCount }, (_, round) =>
    beats.map((frame, index) => ({
      dueMs: (round + index / beats.length) * heartbeatIntervalMs,
      frame,
    })),
  ).flat()
  const cpuBefore = cpuSecondsOf(broker.pid)
  const lateMs = (await paced(broker.port, frames, 100)).sort((one, other) => one - other)
  const cpuSeconds = cpuSecondsOf(broker.pid) - cpuBefore
  return {
    heartbeatP50Ms: lateMs[Math.floor(lateMs.length * 0.5)]!,
    heartbeatP99Ms: lateMs[Math.floor(lateMs.length * 0.99)]!,
    brokerCpuPercent: (cpuSeconds * 100_000) / (heartbeatCount * heartbeatIntervalMs),
    brokerRssMb: rssMbOf(broker.pid),
  }
}

const oneWideGroup = async (broker: RunningBroker): Promise<Figure> => {
  const group = await GroupOfConsumers.of(broker.port, 'wide', wideGroupSize, widePartitions)
  const cpuBefore = cpuSecondsOf(broker.pid)
  const joinMs = await group.settle()
  const joinCpuSeconds = cpuSecondsOf(broker.pid) - cpuBefore
  const restartMs = await group.settle()
  const restartCpuSeconds = cpuSecondsOf(broker.pid) - cpuBefore - joinCpuSeconds
  group.close()
  return {
    joinMs,
    joinCpuMs: joinCpuSeconds * 1000,
    restartMs,
    restartCpuMs: restartCpuSeconds * 1000,
    heartbeats: group.heartbeats,
    brokerRssMb: rssMbOf(broker.pid),
  }
}

const storedGroups: Measure = async (broker, restart) => {
  const writer = await WireClient.connect(broker.port)
  for (let begin = 0; begin < storedGroupCount; begin += 1000)
    await Promise.all(
      Array.from({ length: 1000 }, (_, index) => commitOf(writer, `stored-${begin + index}`)),
    )
  writer.close()
  const stoppedMs = performance.now()
  const again = await restart('stop')
  const reader = await WireClient.connect(again.port)
  while ((await offsetOf(reader, `stored-${storedGroupCount - 1}`)) !== 7)
    await new Promise((resolve) => setTimeout(resolve, 20))
  const readMs = performance.now() - stoppedMs
  const listingMs = performance.now()
  const { groups } = await reader.request(ListGroups, 5, { statesFilter: [], typesFilter: [] })
  if (groups.length < storedGroupCount) throw new Error(`only ${groups.length} groups are listed`)
  const listMs = performance.now() - listingMs
  reader.close()
  return { restartToReadMs: readMs, listMs, brokerRssMb: rssMbOf(again.pid) }
}

const commitOf = async (client: WireClient, groupId: string): Promise<void> => {
  const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }]
  const answer = await client.request(OffsetCommit, 8, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: readTopic, partitions }],
  })
  const { errorCode } = answer.topics[0]!.partitions[0]!
  if (errorCode !== 0) throw new Error(`OffsetCommit answered ${errorCode}`)
}

/** -1 as long as there is none, or the group is being loaded. */
const offsetOf = async (client: WireClient, groupId: string): Promise<number> => {
  const fetched = await client.request(OffsetFetch, 7, {
    groupId,
    topics: [{ name: readTopic, partitionIndexes: [0] }],
    requireStable: false,
  })
  return fetched.topics[0]?.partitions[0]?.committedOffset ?? -1
}
