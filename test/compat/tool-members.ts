// Members of groups that are programs of their own kind: confluent-kafka in Python, Kafka's in Java.
import { fileURLToPath } from 'node:url'
import type { MemberCommand } from './group-member.ts'
import { javaProgram } from './java-programs.ts'
import { works } from './programs.ts'

const script = fileURLToPath(new URL('clients/confluent_member.py', import.meta.url))

/** Why there are no members in Python, if so. */
export const confluentMissing = works('python3', '-c', 'import confluent_kafka')
  ? undefined
  : 'the Python package confluent-kafka is not installed'

/** A member by librdkafka with these settings (`key=value`). */
export const confluentMember = (...settings: string[]): MemberCommand => [
  'python3',
  script,
  ...settings,
]

/** A member by Kafka's own consumer with these settings (`key=value`). */
export const javaMember = (...settings: string[]): MemberCommand =>
  javaProgram('JavaMember', ...settings)
