import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import { readOffsets, writeOffsets } from './checkpoint-files.ts'

const path = '/offsets'
const entries = [
  { topic: 'a', partition: 0, offset: 123_456 },
  { topic: 'b-c', partition: 12, offset: 7 },
]

/** What is read from a file with the offsets above after something has happened to it. */
const readAfter = async (change: (text: string) => string) => {
  const random = new SeededRandom(1)
  const simulation = new Simulation(random.fork())
  const disk = new SimulatedDisk(simulation, random.fork())
  await simulation.until(writeOffsets(disk, path, entries))
  const text = (await simulation.until(disk.readFile(path))).toString()
  const file = await simulation.until(disk.open(path, 'write'))
  await simulation.until(file.truncate(0))
  await simulation.until(file.write([Buffer.from(change(text))], 0))
  return simulation.until(readOffsets(disk, path))
}

test('a file of offsets says what was written', async () => {
  deepEqual(
    await readAfter((text) => text),
    new Map([
      ['a-0', 123_456],
      ['b-c-12', 7],
    ]),
  )
})

test('a file of offsets that is not whole says nothing', async () => {
  equal(await readAfter((text) => text.slice(0, 8)), undefined)
  equal(await readAfter((text) => text.replace('123456', '123\0\0\0')), undefined)
  equal(await readAfter((text) => text.replace('b-c 12 7', 'b-c 12')), undefined)
  equal(await readAfter((text) => text.replace('123456', '')), undefined)
})
