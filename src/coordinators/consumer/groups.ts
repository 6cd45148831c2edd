// The groups of this broker: each command finds its group's machine, and the answer what is durable.
import { kafkaError, type Uuid } from '#model'
import { Runtime, type Time } from '../runtime.ts'
import type {
  ClassicCommand,
  ClassicDescription,
  ClassicRefusal,
  JoinCommand,
  JoinedReply,
  LeftReply,
  SyncCommand,
  SyncedReply,
} from './classic/commands.ts'
import type { ClassicSettings } from './classic/settings.ts'
import { isSubscribed } from './classic/subscribed.ts'
import {
  classicStep,
  type GroupReply,
  type GroupStep,
  groupMachinery,
  newClassicGroup,
} from './group-machine.ts'
import type { CommittedOffset, OffsetPartition } from './offsets/committed.ts'
import { expiryRule } from './offsets/expiry.ts'
import type { GroupChange, GroupMachine, GroupStore, StoredGroup } from './store.ts'

/** A command as a handler says it; the rest is known here. */
type Said<Command extends ClassicCommand> = Omit<Command, 'kind' | 'ticket' | 'settings'>
type CommandOf<Kind extends ClassicCommand['kind']> = Extract<ClassicCommand, { kind: Kind }>

/** Who commits; a generation below 0 is no member's. */
export type Committer = Said<CommandOf<'commit'>>

/** A partition whose offset is to be deleted, or the error that says why it stays. */
export interface OffsetDeletion extends OffsetPartition {
  readonly topic: string
}

/** Groups that are loaded, or looked through for old offsets, side by side. */
const sideBySideMax = 64

/** All groups, with their members and committed offsets. */
export class ConsumerGroups {
  readonly #store: GroupStore
  readonly #time: Time
  readonly #settings: ClassicSettings
  readonly #runtime: Runtime<GroupMachine, GroupReply, GroupChange>

  constructor(store: GroupStore, time: Time, settings: ClassicSettings) {
    this.#store = store
    this.#time = time
    this.#settings = settings
    this.#runtime = new Runtime(store, time, groupMachinery)
  }

  /** Loads every group that has members, so that who does not come back is put out in time. */
  async start(): Promise<void> {
    const groupIds = await this.#store.withMembers()
    await sideBySide(groupIds, (groupId) => this.#runtime.run(groupId, unchanged))
  }

  /** Takes a member in; settles when its generation begins, which may take long. */
  join(groupId: string, said: Said<JoinCommand>): Promise<JoinedReply | ClassicRefusal> {
    if (groupId === '') throw kafkaError('INVALID_GROUP_ID')
    const reply = this.#runtime.run(groupId, (machine, nowMs, ticket) =>
      classicStep(
        machine ?? newClassicGroup(groupId),
        { kind: 'join', ticket, settings: this.#settings, ...said },
        nowMs,
      ),
    )
    return reply as Promise<JoinedReply | ClassicRefusal>
  }

  /** Tells a member its assignment, once the leader has made one. */
  async sync(groupId: string, said: Said<SyncCommand>): Promise<SyncedReply> {
    if (groupId === '') throw kafkaError('INVALID_GROUP_ID')
    const reply = await this.#runtime.run(groupId, (machine, nowMs, ticket) =>
      classicStep(machine ?? newClassicGroup(groupId), { kind: 'sync', ticket, ...said }, nowMs),
    )
    return granted(reply) as SyncedReply
  }

  async heartbeat(groupId: string, said: Said<CommandOf<'heartbeat'>>): Promise<void> {
    if (groupId === '') throw kafkaError('INVALID_GROUP_ID')
    granted(await this.#decide(groupId, { kind: 'heartbeat', ...said }))
  }

  async leave(groupId: string, members: CommandOf<'leave'>['members']): Promise<LeftReply> {
    if (groupId === '') throw kafkaError('INVALID_GROUP_ID')
    return granted(await this.#decide(groupId, { kind: 'leave', members })) as LeftReply
  }

  /** Throws GROUP_ID_NOT_FOUND for a group that is none. */
  async describe(groupId: string): Promise<ClassicDescription> {
    return granted(await this.#decide(groupId, { kind: 'describe' })) as ClassicDescription
  }

  /** Deletes a group without members, and its offsets. */
  async delete(groupId: string): Promise<void> {
    const reply = await this.#runtime.run(groupId, (machine, nowMs) => {
      const step = classicStep(machine ?? newClassicGroup(groupId), { kind: 'delete' }, nowMs)
      if (step.changes.length > 0) step.changes.push({ kind: 'offsetsForgotten', groupId })
      return step
    })
    granted(reply)
  }

  /** Every group that exists. */
  async list(): Promise<StoredGroup[]> {
    await this.#runtime.allDurable()
    const listed = new Map((await this.#store.list()).map((group) => [group.groupId, group]))
    for (const [groupId, { state }] of this.#runtime.machines())
      if (state.exists)
        listed.set(groupId, {
          groupId,
          protocolType: state.facts.protocolType ?? '',
          phase: state.facts.phase,
        })
    return [...listed.values()]
  }

  /** Commits offsets when the committer may; throws why not. */
  async commit(
    groupId: string,
    committer: Committer,
    offsets: readonly CommittedOffset[],
  ): Promise<void> {
    const reply = await this.#runtime.run(groupId, (machine, nowMs) => {
      const group = machine ?? newClassicGroup(groupId)
      const step = classicStep(group, { kind: 'commit', ...committer }, nowMs)
      if (step.reply?.kind === 'done' && offsets.length > 0) {
        group.committedAtMs = nowMs
        step.changes.push({ kind: 'offsets', groupId, offsets })
      }
      return step
    })
    granted(reply)
  }

  /** How far a group has read the partitions asked for, or with null all that it has read. */
  async offsets(
    groupId: string,
    partitions: readonly OffsetPartition[] | null,
  ): Promise<readonly CommittedOffset[]> {
    await this.#runtime.durable(groupId)
    return this.#store.offsets(groupId, partitions)
  }

  /**
   * Deletes offsets of topics that no member reads (KIP-496), and returns those that stay for
   * GROUP_SUBSCRIBED_TO_TOPIC. Throws GROUP_ID_NOT_FOUND or NON_EMPTY_GROUP.
   */
  async deleteOffsets<Named extends OffsetDeletion>(
    groupId: string,
    asked: readonly Named[],
  ): Promise<ReadonlySet<Named>> {
    let kept: ReadonlySet<Named> = new Set()
    await this.#runtime.run(groupId, (machine) => {
      if (!machine?.state.exists) throw kafkaError('GROUP_ID_NOT_FOUND')
      const { state } = machine
      if (state.members.size > 0 && state.facts.protocolType !== 'consumer')
        throw kafkaError('NON_EMPTY_GROUP')
      const isRead = new Map<string, boolean>()
      for (const { topic } of asked)
        if (!isRead.has(topic)) isRead.set(topic, isSubscribed(state, topic))
      kept = new Set(asked.filter(({ topic }) => isRead.get(topic)))
      const partitions = asked.filter((named) => !kept.has(named))
      const change = { kind: 'offsetsDeleted', groupId, partitions } as const
      return { ...unchanged(machine), changes: partitions.length > 0 ? [change] : [] }
    })
    return kept
  }

  /**
   * Forgets offsets that are older than Kafka's rules allow, and groups that have none left and no members.
   * `topicIdOf` finds the topics that members name. Returns how many groups were looked at.
   */
  async expire(
    retentionMs: number,
    wallNowMs: number,
    topicIdOf: (name: string) => Uuid | undefined,
  ): Promise<number> {
    const old = await this.#store.withOldOffsets(wallNowMs - retentionMs)
    await sideBySide(old, async (groupId) => {
      await this.#runtime.run(groupId, (machine) => {
        if (!machine?.state.exists) return unchanged(machine)
        const rule = expiryRule(machine.state, topicIdOf)
        const change = { kind: 'offsetsExpired', groupId, rule, nowMs: wallNowMs, retentionMs }
        return { ...unchanged(machine), changes: [change as GroupChange] }
      })
      await this.#forgetIfEmpty(groupId)
    })
    return old.length
  }

  /** Answers whoever waits, and stores what was decided. */
  close(): Promise<void> {
    return this.#runtime.close()
  }

  /** A commit that came while the store was asked keeps its group. */
  async #forgetIfEmpty(groupId: string): Promise<void> {
    const askedAtMs = this.#time.nowMs()
    if (await this.#store.hasOffsets(groupId)) return
    await this.#runtime.run(groupId, (machine, nowMs) => {
      const isLeft =
        machine?.state.exists &&
        machine.state.facts.phase === 'Empty' &&
        machine.committedAtMs < askedAtMs
      if (!isLeft) return unchanged(machine)
      return { ...classicStep(machine, { kind: 'delete' }, nowMs), reply: done }
    })
  }

  #decide(groupId: string, command: ClassicCommand): Promise<GroupReply> {
    return this.#runtime.run(groupId, (machine, nowMs) =>
      classicStep(machine ?? newClassicGroup(groupId), command, nowMs),
    )
  }
}

const sideBySide = async (
  groupIds: readonly string[],
  task: (groupId: string) => Promise<unknown>,
): Promise<void> => {
  const left = groupIds.values()
  const work = async (): Promise<void> => {
    for (const groupId of left) await task(groupId)
  }
  await Promise.all(Array.from({ length: Math.min(sideBySideMax, groupIds.length) }, work))
}

const done = { kind: 'done' } as const

const unchanged = (machine: GroupMachine | null): GroupStep => ({
  machine,
  reply: done,
  changes: [],
  wakeAt: null,
})

const granted = (reply: GroupReply): Exclude<GroupReply, ClassicRefusal> => {
  if (reply.kind === 'refused') throw kafkaError(reply.error, reply.message)
  return reply
}
