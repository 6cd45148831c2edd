import {
  applyModern,
  type ClassicGroup,
  decideModern,
  groupFromRows,
  type KnownTopic,
  type ModernCommand,
  type ModernEvent,
  type ModernGroup,
  type ModernGroupSettings,
  type ModernReply,
  modernGroupDefaults,
  newModernGroup,
  type Partitions,
  rowsOf,
  topicsImage,
} from '#coordinators'

/**
 * Plays a scenario of a consumer group written as a table: a command a line, its reply behind `→`.
 *
 *     topics t:2          the topics that exist now, and their partition counts
 *     a join t            a joins, subscribed to t: the epoch and what it is given
 *     a beat t0 t1        says what it owns; without partitions it says nothing of them
 *     +500                half a second passes
 *
 * Words such as `epoch=3` or `instance=i` set single fields of the request. Topic ids are names
 * with a `#`. Returns the table as it was played, to be compared with the one written.
 */
export class GroupTable {
  group: ModernGroup = newModernGroup('g')
  nowMs = 1_000_000
  settings: ModernGroupSettings = { ...modernGroupDefaults, assignmentIntervalMs: 0 }
  downgraded: ClassicGroup | null = null
  /** Hears of each event, as a store would. */
  onEvent: (event: ModernEvent) => void = () => undefined
  #topics: KnownTopic[] = []
  #topicsVersion = 0
  #ids = 0
  readonly #epochs = new Map<string, number>()

  play(text: string): string {
    const lines = text
      .trim()
      .split('\n')
      .map((line) => line.trim())
    return lines.map((line) => this.#line(line)).join('\n')
  }

  /** The text as `play` returns it when all replies are as written. */
  static written(text: string): string {
    return text.trim().replace(/\n\s+/g, '\n')
  }

  decide(command: ModernCommand): ModernReply {
    const { events, reply, wakeAt } = decideModern(this.group, command, this.nowMs)
    for (const event of events) {
      applyModern(this.group, event)
      this.onEvent(event)
      if (event.kind === 'groupDowngraded') this.downgraded = event.classic
    }
    if (wakeAt !== null && wakeAt <= this.nowMs && command.kind !== 'wake') this.#wake()
    return reply
  }

  get around(): Pick<ModernCommand & { kind: 'wake' }, 'topics' | 'settings'> {
    return { topics: topicsImage(this.#topicsVersion, this.#topics), settings: this.settings }
  }

  setTopics(counts: Readonly<Record<string, number>>): void {
    this.#topicsVersion += 1
    this.#topics = Object.entries(counts).map(([name, partitionCount]) => ({
      topicId: `#${name}`,
      name,
      partitionCount,
    }))
  }

  /** Builds the group again from what the store has of it. */
  reload(): void {
    this.group = groupFromRows(JSON.parse(JSON.stringify(rowsOf(this.group))))
    this.decide({ kind: 'load', ...this.around })
  }

  #line(line: string): string {
    const command = line.split('→')[0]!.trim()
    const reply = this.#command(command)
    return reply === null ? command : `${command} → ${reply}`
  }

  #command(text: string): string | null {
    const [subject, verb = '', ...words] = text.split(/\s+/) as [string, string?, ...string[]]
    if (subject.startsWith('+')) return this.#pass(Number(subject))
    if (subject === 'topics') return this.#setTopicsFrom([verb, ...words])
    if (subject === 'reload') {
      this.reload()
      return null
    }
    if (subject === 'set') {
      const value = words[0]!
      this.settings = { ...this.settings, [verb]: Number.isNaN(+value) ? value : +value }
      return null
    }
    if (subject === 'delete') return textOf(this.decide({ kind: 'delete' }))
    if (subject === 'describe') return this.#describe()
    return this.#say(subject, verb, words)
  }

  #pass(ms: number): null {
    this.nowMs += ms
    this.#wake()
    return null
  }

  #wake(): void {
    this.decide({ kind: 'wake', ...this.around })
  }

  #setTopicsFrom(words: readonly string[]): null {
    this.setTopics(
      Object.fromEntries(
        words.filter(Boolean).map((word) => {
          const [name, count] = word.split(':')
          return [name, Number(count)]
        }),
      ),
    )
    return null
  }

  #describe(): string {
    const reply = this.decide({ kind: 'describe', ...this.around })
    if (reply.kind !== 'described') return textOf(reply)
    const members = reply.members.map(
      ({ memberId, memberEpoch, assignment, targetAssignment, memberType }) =>
        `${memberId}${memberType === 0 ? ' (classic)' : ''} ${memberEpoch} [${partitionsText(assignment)}] of [${partitionsText(targetAssignment)}]`,
    )
    const head = `${reply.groupState} ${reply.groupEpoch}/${reply.assignmentEpoch} ${reply.assignorName}`
    return [head, ...members.sort()].join('; ')
  }

  #say(memberId: string, verb: string, words: readonly string[]): string {
    const fields = new Map(
      words.filter((word) => word.includes('=')).map((word) => word.split(/=(.*)/s) as never),
    ) as Map<string, string>
    const names = words.filter((word) => !word.includes('='))
    const instanceId = fields.get('instance') ?? null
    if (verb === 'commits' || verb === 'fetches') {
      const epoch = Number(fields.get('epoch') ?? this.#epochs.get(memberId) ?? 0)
      const partitions = names.map(partitionOf)
      const common = { memberId, epoch }
      return textOf(
        this.decide(
          verb === 'fetches'
            ? { kind: 'checkFetch', ...common }
            : {
                kind: 'checkCommit',
                ...common,
                instanceId,
                version: Number(fields.get('version') ?? 9),
                transactional: fields.has('transactional'),
                partitions,
              },
        ),
      )
    }
    const special: Record<string, number> = { join: 0, leave: -1, pause: -2 }
    const epoch = Number(fields.get('epoch') ?? special[verb] ?? this.#epochs.get(memberId) ?? 0)
    const joins = verb === 'join'
    const text = (name: string): string | null => fields.get(name) ?? null
    const owned = words.includes('-') ? [] : names.length > 0 ? ownedOf(names) : null
    const reply = this.decide({
      kind: 'heartbeat',
      ...this.around,
      version: Number(fields.get('version') ?? 1),
      clientId: 'client',
      clientHost: '/127.0.0.1',
      newMemberId: `made-${++this.#ids}`,
      request: {
        groupId: fields.get('group') ?? 'g',
        memberId: fields.get('id') ?? memberId,
        memberEpoch: epoch,
        instanceId,
        rackId: text('rack'),
        rebalanceTimeoutMs: Number(fields.get('timeout') ?? (joins ? 60_000 : -1)),
        subscribedTopicNames:
          joins && !fields.has('regex') && !fields.has('nameless')
            ? names
            : (text('topics')?.split(',').filter(Boolean) ?? null),
        subscribedTopicRegex: text('regex'),
        serverAssignor: text('assignor'),
        topicPartitions: joins
          ? fields.has('owned')
            ? ownedOf([fields.get('owned')!])
            : []
          : owned,
      },
    })
    if (reply.kind === 'heartbeat') this.#epochs.set(memberId, reply.memberEpoch)
    return textOf(reply)
  }
}

/** A reply in a few words: the epoch and the assignment, or the name of the error. */
export const textOf = (reply: ModernReply): string => {
  if (reply.kind === 'refused') return reply.error
  if (reply.kind !== 'heartbeat') return 'ok'
  const { assignment, memberEpoch } = reply
  const given = assignment === null ? '' : ` ${partitionsText(assignment) || '-'}`
  return `${memberEpoch}${given}`
}

const partitionsText = (partitions: Partitions): string =>
  Object.entries(partitions)
    .flatMap(([topicId, numbers]) => numbers.map((number) => `${topicId.slice(1)}${number}`))
    .sort()
    .join(' ')

const partitionOf = (word: string): { topicId: string; partition: number } => ({
  topicId: `#${word.replace(/\d+$/, '')}`,
  partition: Number(word.match(/\d+$/)?.[0]),
})

const ownedOf = (words: readonly string[]): { topicId: string; partitions: number[] }[] =>
  words.map(partitionOf).map(({ topicId, partition }) => ({ topicId, partitions: [partition] }))
