import {
  applyTransaction,
  decideTransaction,
  newTransaction,
  type TransactionCommand,
  type TransactionReply,
  type TransactionState,
} from '#coordinators'

/**
 * Plays a scenario of a transactional id written as a table: a command a line, behind `→` its reply and
 * whatever it settles of others. A producer is written as its id and epoch; ids are given out from 1 on.
 *
 *     init              InitProducerId; with a producer it carries that one's work on
 *     add 1/0 a b       AddPartitionsToTxn, or what a Produce adds; `verify 1/0 a` only asks
 *     group 1/0 g       AddOffsetsToTxn; `pend 1/0 g` is a TxnOffsetCommit, `pend5 1/0 g` one that adds
 *     commit1 1/0       EndTxn of version 1, `abort2` an abort of version 2 and so on
 *     synced            what was written is on disk; `unsynced` that it may be lost
 *     written           the markers are on disk
 *     show              the transaction as it stands
 *     +500              half a second passes
 */
export class TransactionTable {
  state: TransactionState = newTransaction('t')
  nowMs = 1_000_000
  #producerIds = 0
  #tickets = 0

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

  /** The transaction in one line. */
  shown(): string {
    const { facts, partitions, groups, ending } = this.state
    const { producerId, epoch, lastEpoch, previousProducerId, nextProducerId } = facts
    const names = [...[...partitions.values()].map(({ topicId }) => topicId), ...groups]
    return [
      ending === null ? facts.phase : `${facts.phase} deciding`,
      `${producerId}/${epoch}`,
      ...(lastEpoch < 0 ? [] : [`last=${lastEpoch}`]),
      ...(previousProducerId < 0 ? [] : [`previous=${previousProducerId}`]),
      ...(nextProducerId < 0 ? [] : [`next=${nextProducerId}`]),
      ...(names.length === 0 ? [] : [`[${names.join(' ')}]`]),
    ].join(' ')
  }

  /** Runs a command, and what it needs a new producer id for with one. */
  decide(command: TransactionCommand): string[] {
    const { events, reply, settled = [] } = decideTransaction(this.state, command, this.nowMs)
    if (reply?.kind === 'needsProducerId') {
      this.#producerIds += 1
      return this.decide({ ...command, newProducerId: this.#producerIds } as TransactionCommand)
    }
    for (const event of events) applyTransaction(this.state, event)
    const said = reply === null ? ['waits'] : [textOf(reply)]
    return [...said, ...settled.map((each) => `#${each.ticket}: ${textOf(each.reply)}`)]
  }

  #line(line: string): string {
    const command = line.split('→')[0]!.trim()
    const said = this.#command(command)
    return said.length === 0 ? command : `${command} → ${said.join('; ')}`
  }

  #command(text: string): string[] {
    const [verb = '', producer = '', ...names] = text.split(/\s+/)
    if (verb.startsWith('+')) {
      this.nowMs += Number(verb)
      this.decide({ kind: 'wake' })
      return []
    }
    if (verb === 'show') return [this.shown()]
    if (verb === 'epoch') {
      this.state.facts = { ...this.state.facts, epoch: Number(producer) }
      return []
    }
    if (verb === 'expire') return this.decide({ kind: 'expire', unusedSinceMs: this.nowMs })
    if (verb === 'synced' || verb === 'unsynced') {
      const ticket = this.state.ending?.ticket ?? 0
      const error = verb === 'synced' ? null : 'COORDINATOR_NOT_AVAILABLE'
      return this.decide({ kind: 'synced', ticket, error })
    }
    if (verb === 'written') return this.decide({ kind: 'completed', ...this.state.facts })
    return this.decide(this.#asked(verb, producer, names))
  }

  #asked(verb: string, producer: string, names: readonly string[]): TransactionCommand {
    const [producerId = -1, epoch = -1] = producer.split('/').map(Number)
    const who = { producerId, epoch }
    const [groupId = ''] = names
    const partitions = names.map((topicId) => ({ topicId, partition: 0 }))
    switch (verb) {
      case 'init': {
        const expected = producer === '' ? null : who
        return { kind: 'init', timeoutMs: 60_000, expected, newProducerId: null }
      }
      case 'add':
        return { kind: 'addPartitions', ...who, partitions }
      case 'verify':
        return { kind: 'verify', ...who, partitions }
      case 'group':
        return { kind: 'addGroup', ...who, groupId }
      case 'pend':
      case 'pend5':
        return { kind: 'pend', ...who, groupId, offsets: [offset], adds: verb === 'pend5' }
      default: {
        const [, name, version] = /^(commit|abort)([12])$/.exec(verb) ?? []
        if (name === undefined) throw new Error(`There is no command '${verb}'.`)
        this.#tickets += 1
        return {
          kind: 'end',
          ...who,
          ticket: this.#tickets,
          commit: name === 'commit',
          version: version === '1' ? 1 : 2,
          newProducerId: null,
        }
      }
    }
  }
}

const offset = {
  topicId: 'a',
  partition: 0,
  offset: 1,
  leaderEpoch: -1,
  metadata: '',
  committedAtMs: 0,
  expiresAtMs: null,
}

const textOf = (reply: TransactionReply): string => {
  switch (reply.kind) {
    case 'refused':
      return reply.error
    case 'producer':
      return `${reply.producerId}/${reply.epoch}`
    case 'verified':
      return reply.missing.length === 0
        ? 'ok'
        : `missing ${reply.missing.map(({ topicId }) => topicId).join(' ')}`
    case 'done':
      return 'ok'
    default:
      return reply.kind
  }
}
