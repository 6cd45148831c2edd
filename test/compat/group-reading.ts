// A group that reads topics of one partition each to their ends, and what it has found there.
import { until } from '#testing'
import { GroupMember, type MemberCommand } from './group-member.ts'
import { fingerprint } from './text.ts'

/** Which topics a group reads, and how many records each of them holds. */
export interface GroupReading {
  port: number
  groupId: string
  topics: readonly string[]
  count: number
}

/** Reads with two members; returns each topic's text, a newline behind each value, as a fingerprint. */
export const readInGroup = async (
  command: MemberCommand,
  { port, groupId, topics, count }: GroupReading,
): Promise<Map<string, string>> => {
  const found = new Map(topics.map((topic) => [topic, new Map<number, string>()]))
  const onRecord = ([topic, , offset, value]: readonly [string, number, number, string]): void => {
    found.get(topic)!.set(offset, value)
  }
  const options = { port, groupId, topics, onRecord }
  const members = [new GroupMember(command, options), new GroupMember(command, options)]
  const isRead = (): boolean => {
    const fault = members.map((member) => member.fault).find((each) => each !== undefined)
    if (fault) throw new Error(fault)
    return [...found.values()].every(({ size }) => size >= count)
  }
  try {
    await until('the group has read all topics', isRead, 60_000)
    await Promise.all(members.map((member) => member.stop()))
  } finally {
    await Promise.all(members.map((member) => member.kill()))
  }
  return new Map([...found].map(([topic, values]) => [topic, fingerprint(textOf(values))]))
}

const textOf = (values: ReadonlyMap<number, string>): string =>
  Array.from({ length: values.size }, (_, offset) => `${values.get(offset)}\n`).join('')
