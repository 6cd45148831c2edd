// The groups of this broker: each command finds its group's machine, and the answer what is durable.
import { kafkaError, type Uuid } from '#model'
import { Runtime, type Time } from '../runtime.ts'
import type {
  ClassicDescription,
  ClassicRefusal,
  JoinCommand,
  JoinedReply,
  LeftReply,
  SyncCommand,
  SyncedReply,
} from './classic/commands.ts'
import type { ClassicSettings } from './classic/settings.ts'
import type { ClassicState } from './classic/state.ts'
import { consumerProtocolType } from './classic/subscribed.ts'
import {
  type CommandOf,
  joinStep,
  memberStep,
  type Said,
  syncStep,
  type Target,
} from './classic-requests.ts'
import {
  classicStep,
  type GroupReply,
  type GroupStep,
  groupExists,
  groupMachinery,
  modernStep,
  newClassicGroup,
  type SurroundingsOf,
  unchanged,
} from './group-machine.ts'
import type { DescribedReply, HeartbeatReply } from './modern/commands.ts'
import { groupStateOf } from './modern/describe.ts'
import { heartbeatStep, type SaidHeartbeat } from './modern-requests.ts'
import {
  type Committer,
  checkCommitStep,
  commitStep,
  isRead,
  type OffsetReader,
  readStep,
} from './offset-requests.ts'
import type { CommittedOffset, OffsetPartition } from './offsets/committed.ts'
import { expiryRule } from './offsets/expiry.ts'
import type { GroupChange, GroupMachine, GroupStore, StoredGroup } from './store.ts'

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
  readonly #around: SurroundingsOf
  readonly #runtime: Runtime<GroupMachine, GroupReply, GroupChange>

  constructor(store: GroupStore, time: Time, settings: ClassicSettings, around: SurroundingsOf) {
    this.#store = store
    this.#time = time
    this.#settings = settings
    this.#around = around
    this.#runtime = new Runtime(store, time, groupMachinery(around))
  }

  /** Loads every group that has members, so that who does not come back is put out in time. */
  async start(): Promise<void> {
    const groupIds = await this.#store.withMembers()
    await sideBySide(groupIds, (groupId) =>
      this.#runtime.run(groupId, (machine) => unchanged(machine, done)),
    )
  }

  /** Takes a classic member in; settles when its generation begins, which may take long. */
  async join(groupId: string, said: Said<JoinCommand>): Promise<JoinedReply | ClassicRefusal> {
    refuseNoGroup(groupId)
    const reply = await this.#run(groupId, (target, ticket) =>
      joinStep(target, said, this.#settings, ticket),
    )
    return reply as JoinedReply | ClassicRefusal
  }

  /** Tells a classic member its assignment, once the leader has made one. */
  async sync(groupId: string, said: Said<SyncCommand>): Promise<SyncedReply> {
    refuseNoGroup(groupId)
    const reply = await this.#run(groupId, (target, ticket) => syncStep(target, said, ticket))
    return granted(reply) as SyncedReply
  }

  /** Hears a classic member. */
  async heartbeat(groupId: string, said: Said<CommandOf<'heartbeat'>>): Promise<void> {
    refuseNoGroup(groupId)
    const command = { kind: 'heartbeat', ...said } as const
    granted(await this.#run(groupId, (target) => memberStep(target, command)))
  }

  /** Takes members out that speak the classic protocol. */
  async leave(groupId: string, members: CommandOf<'leave'>['members']): Promise<LeftReply> {
    refuseNoGroup(groupId)
    const command = { kind: 'leave', members } as const
    return granted(await this.#run(groupId, (target) => memberStep(target, command))) as LeftReply
  }

  /** Hears a member of the newer protocol, and tells it what it may own (KIP-848). */
  async consumerHeartbeat(said: SaidHeartbeat): Promise<HeartbeatReply> {
    const reply = await this.#run(said.request.groupId, (target) => heartbeatStep(target, said))
    return granted(reply) as HeartbeatReply
  }

  /** Describes a classic group. Throws GROUP_ID_NOT_FOUND for any other. */
  async describe(groupId: string): Promise<ClassicDescription> {
    const reply = await this.#run(groupId, ({ machine, nowMs }) => {
      if (machine?.kind === 'modern')
        throw kafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} is not a classic group.`)
      return classicStep(machine ?? newClassicGroup(groupId), { kind: 'describe' }, nowMs)
    })
    return granted(reply) as ClassicDescription
  }

  /** Describes a group of the newer protocol. Throws GROUP_ID_NOT_FOUND for any other. */
  async describeConsumer(groupId: string): Promise<DescribedReply> {
    refuseNoGroup(groupId)
    const reply = await this.#run(groupId, ({ machine, nowMs }) => {
      if (!groupExists(machine))
        throw kafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} not found.`)
      if (machine.kind === 'classic')
        throw kafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} is not a consumer group.`)
      return modernStep(machine, { kind: 'describe', ...this.#around(groupId) }, nowMs)
    })
    return granted(reply) as DescribedReply
  }

  /** Deletes a group without members, and its offsets. */
  async delete(groupId: string): Promise<void> {
    const reply = await this.#run(groupId, ({ machine, nowMs }) => {
      const step = deletion(machine ?? newClassicGroup(groupId), nowMs)
      if (step.changes.length > 0) step.changes.push({ kind: 'offsetsForgotten', groupId })
      return step
    })
    granted(reply)
  }

  /** Every group that exists. */
  async list(): Promise<StoredGroup[]> {
    await this.#runtime.allDurable()
    const listed = new Map((await this.#store.list()).map((group) => [group.groupId, group]))
    for (const [groupId, machine] of this.#runtime.machines())
      if (groupExists(machine)) listed.set(groupId, listing(groupId, machine))
    return [...listed.values()]
  }

  /** The groups in memory as they are there: all that have members, and of the others those used last. */
  *known(): Generator<StoredGroup> {
    for (const [groupId, machine] of this.#runtime.machines())
      if (groupExists(machine)) yield listing(groupId, machine)
  }

  /** Commits offsets when the committer may; throws why not. */
  async commit(
    groupId: string,
    committer: Committer,
    offsets: readonly CommittedOffset[],
  ): Promise<void> {
    granted(await this.#run(groupId, (target) => commitStep(target, committer, offsets)))
  }

  /**
   * Asks whether the committer may commit these offsets, and if so calls `then` at once, before the group can
   * change: what is kept by it is seen by every member that comes later (KIP-447). Throws why not.
   */
  async checkCommit(
    groupId: string,
    committer: Committer,
    offsets: readonly CommittedOffset[],
    then: () => void,
  ): Promise<void> {
    const reply = await this.#run(groupId, (target) => {
      const step = checkCommitStep(target, committer, offsets)
      if (step.reply?.kind === 'done') then()
      return step
    })
    granted(reply)
  }

  /**
   * How far a group has read the partitions asked for, or with null all that it has read. Throws
   * UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH or ILLEGAL_GENERATION for a reader that says it is a member.
   */
  async offsets(
    groupId: string,
    partitions: readonly OffsetPartition[] | null,
    reader: OffsetReader = nobody,
  ): Promise<readonly CommittedOffset[]> {
    if ((reader.memberId ?? '') !== '' || reader.memberEpoch >= 0)
      granted(await this.#run(groupId, (target) => readStep(target, reader)))
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
    refuseNoGroup(groupId)
    let kept: ReadonlySet<Named> = new Set()
    await this.#run(groupId, ({ machine }) => {
      if (!groupExists(machine)) throw kafkaError('GROUP_ID_NOT_FOUND')
      if (machine.kind === 'classic' && hasForeignMembers(machine.state))
        throw kafkaError('NON_EMPTY_GROUP')
      const read = new Map<string, boolean>()
      for (const { topic } of asked) if (!read.has(topic)) read.set(topic, isRead(machine, topic))
      kept = new Set(asked.filter(({ topic }) => read.get(topic)))
      const partitions = asked.filter((named) => !kept.has(named))
      const step = unchanged(machine, done)
      if (partitions.length > 0) step.changes.push({ kind: 'offsetsDeleted', groupId, partitions })
      return step
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
      await this.#run(groupId, ({ machine }) => {
        const step = unchanged(machine, done)
        if (!groupExists(machine)) return step
        const rule = expiryRule(machine, topicIdOf)
        step.changes.push({ kind: 'offsetsExpired', groupId, rule, nowMs: wallNowMs, retentionMs })
        return step
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
    await this.#run(groupId, ({ machine, nowMs }) => {
      const isLeft =
        groupExists(machine) &&
        machine.state.members.size === 0 &&
        machine.committedAtMs < askedAtMs
      // One that is about to get members is refused, and stays.
      return isLeft ? deletion(machine, nowMs) : unchanged(machine, done)
    })
  }

  #run(groupId: string, step: (target: Target, ticket: number) => GroupStep): Promise<GroupReply> {
    return this.#runtime.run(groupId, (machine, nowMs, ticket) =>
      step({ groupId, machine, around: this.#around, nowMs }, ticket),
    )
  }
}

const deletion = (machine: GroupMachine, nowMs: number): GroupStep =>
  machine.kind === 'classic'
    ? classicStep(machine, { kind: 'delete' }, nowMs)
    : modernStep(machine, { kind: 'delete' }, nowMs)

const listing = (groupId: string, machine: GroupMachine): StoredGroup =>
  machine.kind === 'classic'
    ? {
        groupId,
        type: 'classic',
        protocolType: machine.state.facts.protocolType ?? '',
        phase: machine.state.facts.phase,
      }
    : {
        groupId,
        type: 'consumer',
        protocolType: 'consumer',
        phase: groupStateOf(machine.state),
      }

/** Members of whom nobody can tell what they read. */
const hasForeignMembers = ({ members, facts }: ClassicState): boolean =>
  members.size > 0 && facts.protocolType !== consumerProtocolType

/** Offsets may be of a group without a name, as Kafka has it for clients of old; members may not. */
const refuseNoGroup = (groupId: string): void => {
  if (groupId === '') throw kafkaError('INVALID_GROUP_ID')
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
const nobody: OffsetReader = { memberId: null, memberEpoch: -1 }

const granted = <Reply extends GroupReply>(reply: Reply): Exclude<Reply, { kind: 'refused' }> => {
  if (reply.kind === 'refused') throw kafkaError(reply.error, reply.message)
  return reply as Exclude<Reply, { kind: 'refused' }>
}
