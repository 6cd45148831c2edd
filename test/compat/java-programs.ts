// Our programs in Java, which need a JDK and Kafka's jars.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { kafkaJars, kafkaMissing, olderClientsJar } from '../../bench/control/kafka.ts'
import { java, scratch, works } from './programs.ts'

/** Why they cannot be run here, if so. */
export const javaMissing =
  kafkaMissing() ?? (works('javac', '-version') ? undefined : 'javac is not installed')

const sources = ['JavaMember.java', 'KafkaTool.java', 'JavaCopier.java'].map((name) =>
  fileURLToPath(new URL(`clients/${name}`, import.meta.url)),
)
let isCompiled = false

/** The command line of one of them. */
export const javaProgram = (name: string, ...args: string[]): CommandLine => program([], name, args)

/** As `javaProgram`, with the clients of an older release of Kafka. */
export const olderJavaProgram = (release: string, name: string, ...args: string[]): CommandLine =>
  program([olderClientsJar(release)], name, args)

type CommandLine = [program: string, ...string[]]

const program = (firstJars: string[], name: string, args: string[]): CommandLine => {
  const jars = `${kafkaJars()}/*`
  if (!isCompiled) {
    const { status, stderr } = spawnSync('javac', ['-d', scratch.path, '-cp', jars, ...sources], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`the programs in Java were not compiled: ${stderr}`)
    isCompiled = true
  }
  // Several start at once, and none of them lives for long.
  const quick = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
  const path = [scratch.path, ...firstJars, jars].join(':')
  return ['java', ...quick, ...java('-cp', path, name, ...args)]
}
