// Groups of the npm clients, each member in a process of its own.
import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { boxBroker } from '#testing'
import { kafkajsMember, platformaticMember } from './group-member.ts'
import { readInGroup } from './group-reading.ts'
import { groupSettings, newerSettings, scaleGroup } from './group-scenario.ts'
import { codecs, kafkajsWriter, platformaticWriter } from './npm-writers.ts'
import { makeTopic } from './own-reader.ts'
import { fingerprint, realLines } from './text.ts'

const clients = [
  ['kafkajs', kafkajsMember],
  ['@platformatic/kafka', platformaticMember],
] as const

for (const [client, command] of clients)
  test(`a group of ${client} grows, outlives its broker and shrinks without losing a record`, () =>
    scaleGroup(`group-of-${client}`, command))

test('a group of the newer protocol grows, outlives its broker and shrinks without losing a record', () =>
  scaleGroup('newer', [...platformaticMember, '--newer'], newerSettings))

test('groups of the npm clients read what their producers write with every codec', async () => {
  const lines = realLines(500_000)
  const box = await boxBroker(groupSettings)
  const topics: string[] = []
  try {
    const wire = await box.connect()
    for (const [writer, write] of [
      ['kafkajs', kafkajsWriter],
      ['platformatic', platformaticWriter],
    ] as const)
      for (const codec of codecs) {
        const topic = `${writer}-${codec}`
        topics.push(topic)
        await makeTopic(wire, topic)
        await write(box.port, topic, lines, codec)
      }
    wire.close()
    const text = fingerprint(`${lines.join('\n')}\n`)
    const expected = new Map(topics.map((topic) => [topic, text]))
    for (const [groupId, command] of clients) {
      const reading = { port: box.port, groupId, topics, count: lines.length }
      deepEqual(await readInGroup(command, reading), expected)
    }
  } finally {
    await box.remove()
  }
})
