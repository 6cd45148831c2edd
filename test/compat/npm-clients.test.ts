// Real text through the npm clients' producers, read back byte for byte.
import { equal } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type BoxedBroker, boxBroker } from '#testing'
import { codecs, kafkajsWriter, platformaticWriter } from './npm-writers.ts'
import { makeTopic, readText } from './own-reader.ts'
import { fingerprint, realLines } from './text.ts'

const lines = realLines(20_000_000)
const text = fingerprint(`${lines.join('\n')}\n`)

let box: BoxedBroker
before(async () => {
  box = await boxBroker()
})
after(() => box.remove())

for (const [client, write] of [
  ['@platformatic/kafka', platformaticWriter],
  ['kafkajs', kafkajsWriter],
] as const)
  for (const codec of codecs)
    test(`${client} writes real text with codec ${codec}, and every byte comes back`, async () => {
      const topic = `${client.replace(/\W/g, '-')}-${codec}`
      const reader = await box.connect()
      await makeTopic(reader, topic)
      await write(box.port, topic, lines, codec)
      equal(fingerprint(await readText(reader, topic)), text)
      reader.close()
    })
