// `kafka-consumer-groups` on groups of Kafka's console consumer, in both protocols: what it prints, and
// what it has changed.
import { deepEqual, equal, match } from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OffsetFetch } from '#protocol'
import { buildBatch } from '#records'
import { boxBroker, createTopic, produceBatch, until, WireClient } from '#testing'
import { attempt } from './attempts.ts'
import { groupSettings, newerSettings } from './group-scenario.ts'
import { KafkaTools, rowsOf as tableRows } from './kafka-tools.ts'
import { java, type RunningProgram, scratch, startProgram } from './programs.ts'

/** How many records each partition of the topic holds. */
const ends = [10, 20, 30]
const hourMs = 3_600_000
/** The first record of each partition; each next one is an hour younger, the last one an hour old. */
const firstMs = Date.now() - 30 * hourMs

/** What differs between the protocols. */
const groups = [
  { groupId: 'tool-classic', protocol: 'classic', type: 'Classic', strategy: 'range' },
  { groupId: 'tool-newer', protocol: 'consumer', type: 'Consumer', strategy: 'uniform' },
] as const
type Group = (typeof groups)[number]

/** Tries every form of the tool on a broker of ours. */
export const groupTool = async (): Promise<void> => {
  const box = await boxBroker([...groupSettings, ...newerSettings])
  try {
    await groupToolAgainst(box.port)
  } finally {
    await box.remove()
  }
}

/** As `groupTool`, on a broker that runs. */
export const groupToolAgainst = async (port: number): Promise<void> => {
  const client = await WireClient.connect(port)
  await fill(client)
  const consumers = groups.map((group) => startConsumer(port, group))
  const runner = new KafkaTools()
  try {
    await until(
      'the console consumers have read and committed everything',
      async () => {
        const committed = await Promise.all(groups.map((group) => committedBy(client, group)))
        return committed.every((offsets) => String(offsets) === String(ends))
      },
      60_000,
    )
    const tools = groups.map((group) => new Tool(runner, port, client, group))
    for (const [index, tool] of tools.entries()) await whileActive(tool, consumers[index]!)
    await lists(tools[0]!)
    for (const consumer of consumers) await consumer.stop()
    for (const tool of tools) {
      await whenEmpty(tool)
      await resets(tool)
      await deletions(tool)
    }
  } finally {
    await Promise.all([runner, ...consumers].map((started) => started.stop()))
    client.close()
  }
}

const startConsumer = (port: number, { groupId, protocol }: Group): RunningProgram => {
  const tool = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
  const address = ['--bootstrap-server', `127.0.0.1:${port}`, '--topic', 'tool']
  const properties = [`group.protocol=${protocol}`, 'auto.commit.interval.ms=200'].flatMap(
    (property) => ['--command-property', property],
  )
  const args = ['--group', groupId, '--from-beginning', ...properties]
  return startProgram('java', java(tool, ...address, ...args))
}

const fill = async (client: WireClient): Promise<void> => {
  const topic = await createTopic(client, 'tool', { partitions: ends.length })
  for (const [partition, count] of ends.entries()) {
    const records = Array.from({ length: count }, (_, index) => ({
      timestampMs: firstMs + index * hourMs,
      key: null,
      value: Buffer.from(`${partition}/${index}`),
    }))
    await produceBatch(client, topic, buildBatch(records), { partition })
  }
}

const committedBy = async (client: WireClient, { groupId }: Group): Promise<number[]> => {
  const partitionIndexes = [...ends.keys()]
  const { groups: answers } = await client.request(OffsetFetch, 8, {
    groups: [{ groupId, topics: [{ name: 'tool', partitionIndexes }] }],
  })
  equal(answers[0]!.errorCode, 0)
  return answers[0]!.topics[0]!.partitions.map(({ committedOffset }) => committedOffset)
}

/** The tool, on one group. */
class Tool {
  readonly group: Group
  readonly #runner: KafkaTools
  readonly #address: readonly string[]
  readonly #client: WireClient

  constructor(runner: KafkaTools, port: number, client: WireClient, group: Group) {
    this.#runner = runner
    this.#address = ['--bootstrap-server', `127.0.0.1:${port}`]
    this.#client = client
    this.group = group
  }

  /** Tries what the tool prints when it is called like this. */
  prints(what: string, args: readonly string[], check: (output: string) => void | Promise<void>) {
    const name = `kafka-consumer-groups ${args.join(' ')} ${what} (${this.group.protocol})`
    return attempt(name, async () => check(await this.run(...args)))
  }

  /** As `prints`, with `--group`. */
  says(what: string, args: readonly string[], check: (output: string) => void | Promise<void>) {
    return this.prints(what, ['--group', this.group.groupId, ...args], check)
  }

  run(...args: readonly string[]): Promise<string> {
    return this.#runner.run('consumer.group.ConsumerGroupCommand', ...this.#address, ...args)
  }

  committed(): Promise<number[]> {
    return committedBy(this.#client, this.group)
  }
}

/** The rows of a printed table, by partition. */
const rowsOf = (output: string, firstTitle = 'GROUP'): Record<string, string>[] =>
  tableRows(output, firstTitle).sort((a, b) => Number(a.PARTITION) - Number(b.PARTITION))

const column = (output: string, title: string, firstTitle?: string): (string | undefined)[] =>
  rowsOf(output, firstTitle).map((row) => row[title])

const asText = (numbers: readonly number[]): string[] => numbers.map(String)

/** A settled group of the newer protocol has one epoch; a classic group has none. */
const epochs = ({ protocol }: Group, ...found: (string | undefined)[]): void => {
  for (const epoch of found) match(epoch ?? '', protocol === 'classic' ? /^-$/ : /^[1-9]\d*$/)
  equal(new Set(found).size, 1)
}

const whileActive = async (tool: Tool, consumer: RunningProgram): Promise<void> => {
  const { strategy, groupId, protocol } = tool.group
  await attempt(`the console consumer reads in a group (${protocol})`, async () => {
    const read = consumer.output().trim().split('\n')
    for (const [partition, count] of ends.entries())
      deepEqual(
        read.filter((line) => line.startsWith(`${partition}/`)),
        Array.from({ length: count }, (_, index) => `${partition}/${index}`),
      )
  })
  const offsets = (output: string): void => {
    deepEqual(column(output, 'CURRENT-OFFSET'), asText(ends))
    deepEqual(column(output, 'LOG-END-OFFSET'), asText(ends))
    deepEqual(column(output, 'LAG'), ['0', '0', '0'])
    deepEqual(column(output, 'HOST'), Array(3).fill('/127.0.0.1'))
    deepEqual(column(output, 'CLIENT-ID'), Array(3).fill('console-consumer'))
    equal(new Set(column(output, 'CONSUMER-ID')).size, 1)
  }
  await tool.says('prints offsets', ['--describe'], offsets)
  await tool.says('prints them', ['--describe', '--offsets'], offsets)
  await tool.says('adds leader epochs', ['--describe', '--offsets', '--verbose'], (output) => {
    offsets(output)
    for (const leaderEpoch of column(output, 'LEADER-EPOCH')) match(leaderEpoch!, /^\d+$/)
  })
  await tool.says('prints the member', ['--describe', '--members'], (output) => {
    deepEqual(column(output, '#PARTITIONS'), ['3'])
    deepEqual(column(output, 'CLIENT-ID'), ['console-consumer'])
    equal(column(output, 'CONSUMER-ID').length, 1)
  })
  await tool.says('adds what it has', ['--describe', '--members', '--verbose'], (output) => {
    const [row] = rowsOf(output)
    equal(row?.['CURRENT-ASSIGNMENT'], 'tool:0,1,2')
    equal(row?.['TARGET-ASSIGNMENT'], protocol === 'classic' ? '-' : 'tool:0,1,2')
    epochs(tool.group, row?.['CURRENT-EPOCH'], row?.['TARGET-EPOCH'])
  })
  const state = (output: string): void => {
    const [row] = rowsOf(output)
    equal(row?.['ASSIGNMENT-STRATEGY'], strategy)
    deepEqual([row?.STATE, row?.['#MEMBERS']], ['Stable', '1'])
    match(row?.COORDINATOR ?? '', /^(127\.0\.0\.1|localhost):\d+$/)
  }
  await tool.says('prints the state', ['--describe', '--state'], state)
  await tool.says('adds epochs', ['--describe', '--state', '--verbose'], (output) => {
    state(output)
    const [row] = rowsOf(output)
    epochs(tool.group, row?.['GROUP-EPOCH'], row?.['TARGET-ASSIGNMENT-EPOCH'])
  })
  await tool.says(
    'is refused while there are members',
    ['--reset-offsets', '--to-earliest', '--all-topics', '--execute'],
    async (output) => {
      match(output, new RegExp(`group '${groupId}' is inactive, but the current state is Stable`))
      deepEqual(await tool.committed(), ends)
    },
  )
  await tool.says('is refused while there are members', ['--delete'], (output) =>
    match(output, new RegExp(`'${groupId}' could not be deleted.*GroupNotEmptyException`)),
  )
  await tool.says(
    'is refused while the topic is read',
    ['--delete-offsets', '--topic', 'tool'],
    async (output) => {
      equal(output.match(/GroupSubscribedToTopicException/g)?.length, 3)
      deepEqual(await tool.committed(), ends)
    },
  )
}

const lists = async (tool: Tool): Promise<void> => {
  const sorted = (output: string): Record<string, string>[] =>
    rowsOf(output).sort((a, b) => a.GROUP!.localeCompare(b.GROUP!))
  const named = groups.map(({ groupId }) => ({ GROUP: groupId }))
  const typed = groups.map(({ groupId, type }) => ({ GROUP: groupId, TYPE: type }))
  const stable = named.map((row) => ({ ...row, STATE: 'Stable' }))
  await tool.prints('names all groups', ['--list'], (output) =>
    deepEqual(output.trim().split(/\s+/).sort(), groups.map(({ groupId }) => groupId).sort()),
  )
  await tool.prints('adds states', ['--list', '--state'], (output) =>
    deepEqual(sorted(output), stable),
  )
  await tool.prints('adds types', ['--list', '--type'], (output) =>
    deepEqual(sorted(output), typed),
  )
  await tool.prints('adds both', ['--list', '--state', '--type'], (output) =>
    deepEqual(
      sorted(output),
      typed.map((row) => ({ ...row, STATE: 'Stable' })),
    ),
  )
  await tool.prints('names those of a state', ['--list', '--state', 'stable'], (output) =>
    deepEqual(sorted(output), stable),
  )
  await tool.prints('names none of another', ['--list', '--state', 'empty'], (output) =>
    deepEqual(sorted(output), []),
  )
  for (const [index, { type }] of groups.entries())
    await tool.prints('names those of a type', ['--list', '--type', type.toLowerCase()], (output) =>
      deepEqual(sorted(output), [typed[index]]),
    )
}

const whenEmpty = async (tool: Tool): Promise<void> => {
  await tool.says('knows offsets without members', ['--describe', '--offsets'], (output) => {
    deepEqual(column(output, 'CURRENT-OFFSET'), asText(ends))
    deepEqual(column(output, 'CONSUMER-ID'), ['-', '-', '-'])
  })
  await tool.says('prints none', ['--describe', '--members'], (output) => {
    match(output, new RegExp(`'${tool.group.groupId}' has no active members`))
    deepEqual(rowsOf(output), [])
  })
  await tool.says('prints that it is empty', ['--describe', '--state'], (output) => {
    const [row] = rowsOf(output)
    deepEqual([row?.STATE, row?.['#MEMBERS']], ['Empty', '0'])
  })
}

const resets = async (tool: Tool): Promise<void> => {
  const isoAt = (index: number): string => new Date(firstMs + index * hourMs).toISOString()
  for (const [what, spec, expected] of [
    ['goes to the start', ['--to-earliest'], [0, 0, 0]],
    ['goes to the end', ['--to-latest'], ends],
    ['stays within the partition', ['--to-offset', '15'], [10, 15, 15]],
    ['goes back, but not too far', ['--shift-by', '-12'], [0, 3, 3]],
    ['goes on', ['--shift-by', '4'], [4, 7, 7]],
    ['stays', ['--to-current'], [4, 7, 7]],
    ['finds a time', ['--to-datetime', isoAt(5)], [5, 5, 5]],
    ['takes a time without a zone for UTC', ['--to-datetime', isoAt(6).slice(0, -1)], [6, 6, 6]],
    ['goes back by a time, or to the end', ['--by-duration', 'PT10H30M'], [10, 20, 20]],
  ] as const)
    await reset(tool, what, [...spec, '--all-topics'], expected)
  await reset(tool, 'takes a topic', ['--to-latest', '--topic', 'tool'], ends)
  await tool.says(
    'leaves other partitions alone',
    ['--reset-offsets', '--to-offset', '7', '--topic', 'tool:1', '--execute'],
    async (output) => {
      deepEqual(column(output, 'NEW-OFFSET'), ['7'])
      deepEqual(await tool.committed(), [10, 7, 30])
    },
  )
  await files(tool)
}

const reset = async (
  tool: Tool,
  what: string,
  spec: readonly string[],
  expected: readonly number[],
): Promise<void> => {
  const before = await tool.committed()
  await tool.says('changes nothing', ['--reset-offsets', ...spec, '--dry-run'], async (output) => {
    deepEqual(column(output, 'NEW-OFFSET'), asText(expected))
    deepEqual(await tool.committed(), before)
  })
  await tool.says(what, ['--reset-offsets', ...spec, '--execute'], async (output) => {
    deepEqual(column(output, 'NEW-OFFSET'), asText(expected))
    deepEqual(await tool.committed(), expected)
  })
}

const files = async (tool: Tool): Promise<void> => {
  const path = join(scratch.path, `${tool.group.groupId}.csv`)
  const exported = ['tool,0,5', 'tool,1,2', 'tool,2,25']
  const back = ['--reset-offsets', '--shift-by', '-5', '--topic', 'tool:0,1,2', '--export']
  await tool.says('writes a plan', [...back, '--dry-run'], async (output) => {
    deepEqual(output.trim().split(/\s+/).sort(), exported)
    deepEqual(await tool.committed(), [10, 7, 30])
    writeFileSync(path, output)
  })
  await reset(tool, 'follows a plan', ['--from-file', path], [5, 2, 25])
  await tool.says('writes what it does', [...back, '--execute'], async (output) => {
    deepEqual(output.trim().split(/\s+/).sort(), ['tool,0,0', 'tool,1,0', 'tool,2,20'])
    deepEqual(await tool.committed(), [0, 0, 20])
  })
}

const deletions = async (tool: Tool): Promise<void> => {
  const { groupId } = tool.group
  await tool.says(
    'deletes those of a partition',
    ['--delete-offsets', '--topic', 'tool:1'],
    async (output) => {
      deepEqual(column(output, 'STATUS', 'TOPIC'), ['Successful'])
      deepEqual(await tool.committed(), [0, -1, 20])
    },
  )
  await tool.says(
    'deletes those of a topic',
    ['--delete-offsets', '--topic', 'tool'],
    async (output) => {
      deepEqual(column(output, 'STATUS', 'TOPIC'), Array(3).fill('Successful'))
      deepEqual(await tool.committed(), [-1, -1, -1])
    },
  )
  await reset(tool, 'makes a group', ['--to-offset', '1', '--topic', 'tool'], [1, 1, 1])
  await tool.says('deletes it', ['--delete'], async (output) => {
    match(output, new RegExp(`consumer groups \\('${groupId}'\\) was successful`))
    deepEqual(await tool.committed(), [-1, -1, -1])
  })
  await tool.prints('no longer names it', ['--list'], (output) =>
    equal(output.includes(groupId), false),
  )
  for (const args of [['--describe'], ['--delete'], ['--delete-offsets', '--topic', 'tool']])
    await tool.says('finds no such group', args, (output) =>
      match(output, /GroupIdNotFoundException/),
    )
}
