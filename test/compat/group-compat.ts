// Every client's groups: they read what every producer wrote, they grow and shrink while their broker
// is killed, and Kafka's own tool sees and changes them.
import { boxBroker } from '#testing'
import { attempt, skip } from './attempts.ts'
import { franzMember, franzMissing } from './go-programs.ts'
import type { MemberCommand } from './group-member.ts'
import { kafkajsMember, platformaticMember } from './group-member.ts'
import { readInGroup } from './group-reading.ts'
import { groupSettings, newerSettings, scaleGroup } from './group-scenario.ts'
import { groupTool } from './group-tool.ts'
import { javaMissing } from './java-programs.ts'
import { type CodecName, codecs } from './npm-writers.ts'
import { makeTopic } from './own-reader.ts'
import { fingerprint, realLines } from './text.ts'
import { confluentMember, confluentMissing, javaMember } from './tool-members.ts'

/** A producer of any client. */
interface Producer {
  name: string
  write(port: number, topic: string, text: Buffer, codec: CodecName): Promise<void>
}

/** Less text than for the plain readers: it goes through the members' standard streams. */
const textSize = 1_000_000
const lines = realLines(textSize)

/** Tries all groups; `producers` are handed the text of `lines`. */
export const compareGroups = async (producers: readonly Producer[]): Promise<void> => {
  const members = availableMembers()
  await readAll(producers, members)
  for (const [name, command] of members)
    await attempt(`a group of ${name} grows, outlives its broker and shrinks`, () =>
      scaleGroup(groupIdOf(name), command, newerSettings),
    )
  if (javaMissing) skip('kafka-consumer-groups', javaMissing)
  else await groupTool()
}

const availableMembers = (): (readonly [name: string, command: MemberCommand])[] => {
  const quick = ['session.timeout.ms=6000', 'heartbeat.interval.ms=200'] as const
  const found: (readonly [string, MemberCommand])[] = [
    ['kafkajs', kafkajsMember],
    ['@platformatic/kafka', platformaticMember],
    ['@platformatic/kafka in the newer protocol', [...platformaticMember, '--newer']],
  ]
  const key = 'partition.assignment.strategy'
  if (confluentMissing) skip('groups of confluent-kafka', confluentMissing)
  else
    for (const strategy of ['range', 'roundrobin', 'cooperative-sticky'])
      found.push([`confluent-kafka, ${strategy}`, confluentMember(`${key}=${strategy}`, ...quick)])
  if (!confluentMissing)
    found.push([
      'confluent-kafka in the newer protocol',
      confluentMember('group.protocol=consumer'),
    ])
  const noFranz = franzMissing()
  if (noFranz) skip('groups of franz-go', noFranz)
  else
    for (const balancer of ['range', 'cooperative-sticky'] as const)
      found.push([`franz-go, ${balancer}`, franzMember(balancer)])
  if (javaMissing) skip("groups of Kafka's consumer", javaMissing)
  else
    for (const assignor of ['RangeAssignor', 'CooperativeStickyAssignor']) {
      const strategy = `${key}=org.apache.kafka.clients.consumer.${assignor}`
      found.push([`Kafka's consumer, ${assignor}`, javaMember(strategy, ...quick)])
    }
  if (!javaMissing)
    found.push(["Kafka's consumer in the newer protocol", javaMember('group.protocol=consumer')])
  return found
}

const readAll = async (
  producers: readonly Producer[],
  members: readonly (readonly [name: string, command: MemberCommand])[],
): Promise<void> => {
  const text = Buffer.from(`${lines.join('\n')}\n`)
  const box = await boxBroker([...groupSettings, ...newerSettings])
  try {
    const client = await box.connect()
    const topics: string[] = []
    for (const { name, write } of producers)
      for (const codec of codecs) {
        const topic = `${name.replace(/\W/g, '-')}-${codec}`
        await makeTopic(client, topic)
        const writes = (): Promise<void> => write(box.port, topic, text, codec)
        if (await attempt(`${name} writes with ${codec} for groups`, writes)) topics.push(topic)
      }
    client.close()
    for (const [name, command] of members)
      await attempt(`a group of ${name} reads what every producer wrote`, async () => {
        const reading = { port: box.port, groupId: groupIdOf(name), topics, count: lines.length }
        const found = await readInGroup(command, reading)
        const wrong = topics.filter((topic) => found.get(topic) !== fingerprint(text))
        return wrong.length > 0 ? `not what was written to ${wrong.join(', ')}` : undefined
      })
  } finally {
    await box.remove()
  }
}

const groupIdOf = (name: string): string => name.replace(/\W+/g, '-')
