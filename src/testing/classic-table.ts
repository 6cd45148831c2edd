import {
  applyClassic,
  type ClassicCommand,
  type ClassicReply,
  type ClassicSettings,
  type ClassicState,
  classicDefaults,
  classicFromRows,
  classicRowsOf,
  decideClassic,
  newClassicState,
} from '#coordinators'

/**
 * Plays a scenario of a classic group written as a table: a command a line, behind `→` its reply and
 * whatever it settles of others.
 *
 *     a join range        a joins with one protocol, whose metadata is `a-range`; it waits, or is told
 *     a sync a=0,1 b=2    a hands in assignments; `sync` alone asks for its own
 *     a beat              a heartbeat in the generation that it knows
 *     +500                half a second passes
 *
 * A member without an id comes with an empty one and takes the id it is given, which is its name here
 * (with a number behind it from the second time on). Words such as `gen=3` or `instance=i` set single
 * fields; `ask` is a JoinGroup that may be given an id first, `skip` one that knows KIP-814.
 */
export class ClassicTable {
  state: ClassicState = newClassicState('g')
  nowMs = 1_000_000
  settings: ClassicSettings = { ...classicDefaults, initialRebalanceDelayMs: 0 }
  #tickets = 0
  readonly #waiting = new Map<number, string>()
  readonly #ids = new Map<string, string>()
  readonly #generations = new Map<string, number>()
  readonly #came = new Map<string, number>()

  play(text: string): string {
    return text
      .trim()
      .split('\n')
      .map((line) => this.#line(line.trim()))
      .join('\n')
  }

  /** The text as `play` returns it when all replies are as written. */
  static written(text: string): string {
    return text.trim().replace(/\n\s+/g, '\n')
  }

  /** Builds the group again from what the store has of it. */
  reload(): void {
    this.state = classicFromRows(classicRowsOf(this.state))
    this.#waiting.clear()
    this.#decide('', { kind: 'load' })
  }

  #line(line: string): string {
    const command = line.split('→')[0]!.trim()
    const said = this.#command(command)
    return said.length === 0 ? command : `${command} → ${said.join('; ')}`
  }

  #command(text: string): string[] {
    const [subject, verb = '', ...words] = text.split(/\s+/) as [string, string?, ...string[]]
    if (subject.startsWith('+')) return this.#pass(Number(subject))
    if (subject === 'set') {
      this.settings = { ...this.settings, [verb]: Number(words[0]) }
      return []
    }
    if (subject === 'reload') {
      this.reload()
      return []
    }
    if (subject === 'delete') return this.#decide('', { kind: 'delete' })
    if (subject === 'describe') return this.#decide('', { kind: 'describe' })
    if (subject === 'leave') return this.#decide('', this.#leaving([verb, ...words]))
    return this.#decide(subject, this.#said(subject, verb, words))
  }

  #pass(ms: number): string[] {
    this.nowMs += ms
    return this.#decide('', { kind: 'wake' }).filter((text) => text !== 'ok')
  }

  /** `leave a instance:i b` names members by their ids, static ones by their names alone. */
  #leaving(words: readonly string[]): ClassicCommand {
    const members = words.filter(Boolean).map((word) => {
      const [name, instance] = word.split(':')
      const memberId = name === 'instance' ? '' : (this.#ids.get(name!) ?? name!)
      return { memberId, instanceId: instance ?? null }
    })
    return { kind: 'leave', members }
  }

  #said(subject: string, verb: string, words: readonly string[]): ClassicCommand {
    const fields = new Map(
      words.filter((word) => word.includes('=')).map((word) => word.split(/=(.*)/s) as never),
    ) as Map<string, string>
    const names = words.filter((word) => !word.includes('=') && !['ask', 'skip'].includes(word))
    const memberId = fields.get('id') ?? this.#ids.get(subject) ?? ''
    const instanceId = fields.get('instance') ?? null
    const generationId = Number(fields.get('gen') ?? this.#generations.get(subject) ?? -1)
    const member = { memberId: memberId === '-' ? '' : memberId, instanceId, generationId }
    if (verb === 'beat') return { kind: 'heartbeat', ...member }
    if (verb === 'commit')
      return { kind: 'commit', ...member, transactional: words.includes('transactional') }
    if (verb === 'sync')
      return {
        kind: 'sync',
        ticket: this.#ticket(subject),
        ...member,
        protocolType: fields.get('type') ?? null,
        protocolName: fields.get('protocol') ?? null,
        assignments: [...fields]
          .filter(([name]) => !['gen', 'id', 'instance', 'type', 'protocol'].includes(name))
          .map(([name, text]) => ({
            memberId: this.#ids.get(name) ?? name,
            assignment: Buffer.from(text),
          })),
      }
    return {
      kind: 'join',
      ticket: this.#ticket(subject),
      ...member,
      clientId: subject,
      clientHost: '/127.0.0.1',
      newMemberId: this.#newId(subject, member.memberId),
      sessionTimeoutMs: Number(fields.get('session') ?? 10_000),
      rebalanceTimeoutMs: Number(fields.get('rebalance') ?? 60_000),
      protocolType: fields.get('type') ?? 'consumer',
      protocols: names.map((name) => ({
        name,
        metadata: Buffer.from(fields.get('metadata') ?? `${subject}-${name}`),
      })),
      requiresKnownMemberId: words.includes('ask'),
      canSkipAssignment: words.includes('skip'),
      settings: this.settings,
    }
  }

  #newId(subject: string, memberId: string): string {
    if (memberId !== '') return 'unused'
    const times = (this.#came.get(subject) ?? 0) + 1
    this.#came.set(subject, times)
    return times === 1 ? subject : `${subject}${times}`
  }

  #ticket(subject: string): number {
    this.#tickets += 1
    this.#waiting.set(this.#tickets, subject)
    return this.#tickets
  }

  #decide(subject: string, command: ClassicCommand): string[] {
    const ticket = 'ticket' in command ? command.ticket : -1
    const decision = decideClassic(this.state, command, this.nowMs)
    for (const event of decision.events) applyClassic(this.state, event)
    const said: string[] = []
    if (decision.reply) said.push(this.#hear(subject, decision.reply))
    for (const settled of decision.settled ?? []) {
      const name = this.#waiting.get(settled.ticket) ?? '?'
      this.#waiting.delete(settled.ticket)
      const text = this.#hear(name, settled.reply)
      if (settled.ticket === ticket) said.unshift(text)
      else said.push(`${name}: ${text}`)
    }
    const isDue = decision.wakeAt !== null && decision.wakeAt <= this.nowMs
    if (isDue && command.kind !== 'wake') {
      const more = this.#decide(subject, { kind: 'wake' }).filter((text) => text !== 'ok')
      const own = more.find((text) => text.startsWith(`${subject}: `))
      if (own && ticket >= 0 && !this.#waiting.has(ticket))
        said.unshift(own.slice(subject.length + 2))
      said.push(...more.filter((text) => text !== own))
    }
    if (ticket >= 0 && this.#waiting.has(ticket) && decision.reply === null) said.unshift('waits')
    return said
  }

  #hear(subject: string, reply: ClassicReply): string {
    if (reply.kind === 'joined') {
      this.#ids.set(subject, reply.memberId)
      this.#generations.set(subject, reply.generationId)
    }
    if (reply.kind === 'refused' && reply.memberId) this.#ids.set(subject, reply.memberId)
    return textOf(reply)
  }
}

const textOf = (reply: ClassicReply): string => {
  switch (reply.kind) {
    case 'refused':
      return reply.memberId ? `${reply.error} ${reply.memberId}` : reply.error
    case 'joined': {
      const { generationId, protocolName, memberId, leaderId, members, skipAssignment } = reply
      const everyone = members
        .map((member) => `${member.memberId}=${Buffer.from(member.metadata)}`)
        .join(' ')
      const role = leaderId === memberId ? `leads [${everyone}]` : `follows ${leaderId}`
      return `${memberId} ${generationId} ${protocolName} ${role}${skipAssignment ? ' skipping' : ''}`
    }
    case 'synced':
      return `gets [${Buffer.from(reply.assignment)}]`
    case 'left':
      return reply.members.map(({ error }) => error).join(' ')
    case 'describedClassic': {
      const members = reply.members.map(
        ({ memberId, metadata, assignment }) =>
          `${memberId} [${Buffer.from(metadata)}] [${Buffer.from(assignment)}]`,
      )
      return [`${reply.phase} ${reply.protocolType}/${reply.protocolName}`, ...members].join('; ')
    }
    case 'done':
      return 'ok'
  }
}
