// Members of groups that are programs of their own kind: confluent-kafka in Python, Kafka's in Java.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { kafkaJars, kafkaMissing } from '../../bench/control/kafka.ts'
import type { MemberCommand } from './group-member.ts'
import { java, scratch, works } from './programs.ts'

const beside = (name: string): string => fileURLToPath(new URL(`clients/${name}`, import.meta.url))

/** Why there are no members in Python, if so. */
export const confluentMissing = works('python3', '-c', 'import confluent_kafka')
  ? undefined
  : 'the Python package confluent-kafka is not installed'

/** A member by librdkafka with these settings (`key=value`). */
export const confluentMember = (...settings: string[]): MemberCommand => [
  'python3',
  beside('confluent_member.py'),
  ...settings,
]

/** Why there are no members in Java, if so. */
export const javaMissing =
  kafkaMissing() ?? (works('javac', '-version') ? undefined : 'javac is not installed')

let isCompiled = false

/** A member by Kafka's own consumer with these settings (`key=value`). */
export const javaMember = (...settings: string[]): MemberCommand => {
  const jars = `${kafkaJars()}/*`
  if (!isCompiled) {
    const args = ['-d', scratch.path, '-cp', jars, beside('JavaMember.java')]
    const { status, stderr } = spawnSync('javac', args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`the member in Java was not compiled: ${stderr}`)
    isCompiled = true
  }
  // Several start at once, and none of them lives for long.
  const quick = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
  return ['java', ...quick, ...java('-cp', `${scratch.path}:${jars}`, 'JavaMember', ...settings)]
}
