// Consumer groups: committing offsets, being heard of, and finding together.
import { Heartbeat, OffsetCommit, OffsetFetch } from '#protocol'
import { WireClient } from '#testing'
import { cpuSecondsOf, rssMbOf } from '../control/broker-cost.ts'
import type { RunningBroker } from '../control/kafka.ts'
import { exactly, frameOf, pump, type Stream } from '../control/pipeline.ts'
import { onBroker, readPartitions, readTopic } from './group-broker.ts'
import { GroupOfMembers } from './group-members.ts'
import type { Figure, Question } from './question.ts'

const connectionCount = 16
/** Requests that wait for their answers on each connection. */
const depth = 8
/** Long enough for Kafka's JIT to have settled. */
const warmSeconds = 8
const measuredSeconds = 5

/** What groups cost a broker. */
export const groupQuestions = (): Question[] => [
  ...[1, 100, 1000].map(commitQuestion),
  {
    name: 'group-heartbeats',
    title: `heartbeats of 20 groups of 5 members, ${connectionCount * depth} at a time`,
    ask: (name) => onBroker(name, heartbeats),
  },
  {
    name: 'group-start',
    title: 'from the first of 100 members that join to all of them having their assignment',
    ask: (name) => onBroker(name, (broker) => together(broker, 100)),
  },
  {
    name: 'group-rebalance',
    title: '1,000 members that join again at once, until all of them have their assignment',
    ask: (name) => onBroker(name, (broker) => together(broker, 1000)),
  },
]

const commitQuestion = (groupCount: number): Question => ({
  name: `commits-${groupCount}`,
  title: `offsets of ${readPartitions} partitions a commit, ${groupCount} group(s), ${connectionCount * depth} at a time (ours durable, Kafka's not synced)`,
  ask: (name) => onBroker(name, (broker) => commits(broker, groupCount)),
})

const commitOf = (groupId: string, offset: number) => ({
  groupId,
  generationIdOrMemberEpoch: -1,
  memberId: '',
  topics: [
    {
      name: readTopic,
      partitions: Array.from({ length: readPartitions }, (_, partitionIndex) => ({
        partitionIndex,
        committedOffset: offset,
        committedMetadata: '',
      })),
    },
  ],
})

const commits = async (broker: RunningBroker, groupCount: number): Promise<Figure> => {
  const groups = Array.from({ length: groupCount }, (_, index) => `g-${index}`)
  const client = await WireClient.connect(broker.port)
  const probe = frameOf(OffsetCommit, 8, commitOf('g-0', 0))
  const expected = await client.exchange([probe])
  // Some of what is committed differs from what was before, in each group.
  const frames = [1, 2, 3].flatMap((offset) =>
    groups.map((groupId) => frameOf(OffsetCommit, 8, commitOf(groupId, offset))),
  )
  const streams = shared(frames)
  const figure = await measured(broker, streams, expected)
  for (const groupId of [groups[0]!, groups.at(-1)!]) {
    const fetched = await client.request(OffsetFetch, 7, {
      groupId,
      topics: [{ name: readTopic, partitionIndexes: [readPartitions - 1] }],
      requireStable: false,
    })
    const { committedOffset } = fetched.topics[0]!.partitions[0]!
    if (committedOffset < 1) throw new Error(`${groupId} has no offset`)
  }
  client.close()
  return figure
}

/** The frames over all connections, each beginning elsewhere. */
const shared = (frames: readonly Buffer[]): Stream[] =>
  Array.from({ length: connectionCount }, (_, index) => {
    const from = Math.floor((index * frames.length) / connectionCount)
    return { depth, frames: [...frames.slice(from), ...frames.slice(0, from)] }
  })

const heartbeats = async (broker: RunningBroker): Promise<Figure> => {
  const groups = await Promise.all(
    Array.from({ length: 20 }, (_, index) => GroupOfMembers.of(broker.port, `h-${index}`, 5)),
  )
  for (const group of groups) await group.settle()
  const frames = groups.flatMap(({ groupId, members }) =>
    members.map(({ memberId, generationId }) =>
      frameOf(Heartbeat, 4, { groupId, memberId, generationId }),
    ),
  )
  const client = await WireClient.connect(broker.port)
  const expected = await client.exchange([frames[0]!])
  client.close()
  const figure = await measured(broker, shared(frames), expected)
  for (const group of groups) group.close()
  return figure
}

const measured = async (
  broker: RunningBroker,
  streams: readonly Stream[],
  expected: Buffer,
): Promise<Figure> => {
  const isGood = exactly(expected)
  await pump(broker.port, streams, { seconds: warmSeconds }, isGood)
  const cpuBefore = cpuSecondsOf(broker.pid)
  const { answers, seconds } = await pump(
    broker.port,
    streams,
    { seconds: measuredSeconds },
    isGood,
  )
  const cpuSeconds = cpuSecondsOf(broker.pid) - cpuBefore
  return {
    requestsPerSecond: answers / seconds,
    brokerCpuMicrosEach: (cpuSeconds * 1e6) / answers,
    brokerRssMb: rssMbOf(broker.pid),
  }
}

const together = async (broker: RunningBroker, memberCount: number): Promise<Figure> => {
  // The code is warm, on both sides, before it counts.
  const warm = await GroupOfMembers.of(broker.port, 'warm', 100)
  for (let round = 0; round < 5; round += 1) await warm.settle()
  warm.close()
  const group = await GroupOfMembers.of(broker.port, 'counts', memberCount)
  const cpuBefore = cpuSecondsOf(broker.pid)
  const startMs = await group.settle()
  const startCpuSeconds = cpuSecondsOf(broker.pid) - cpuBefore
  const again = []
  for (let round = 0; round < 5; round += 1) again.push(await group.settle())
  const rebalanceCpu = (cpuSecondsOf(broker.pid) - cpuBefore - startCpuSeconds) / again.length
  group.close()
  return {
    startMs,
    startCpuMs: startCpuSeconds * 1000,
    rebalanceMs: again.sort((one, other) => one - other)[again.length >> 1]!,
    rebalanceCpuMs: rebalanceCpu * 1000,
    brokerRssMb: rssMbOf(broker.pid),
  }
}
