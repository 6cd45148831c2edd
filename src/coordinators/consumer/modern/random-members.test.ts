// Random members against the machine alone, from seeds: members that stop, repeat a request, lose and
// reorder answers; topics that come, grow and go; clocks that jump; stores that fail; loads in between.
import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '#testing'
import { applyModern } from './apply.ts'
import type { Caller, HeartbeatRequest, ModernCommand, ModernReply } from './commands.ts'
import { decodeAssignment } from './consumer-protocol.ts'
import { decideModern } from './decide.ts'
import { groupStateOf } from './describe.ts'
import { isStored, type ModernEvent } from './events.ts'
import { holds, partitionsOf } from './member.ts'
import { groupFromRows, rowsOf } from './rows.ts'
import { modernGroupDefaults } from './settings.ts'
import { newModernGroup } from './state.ts'
import { type KnownTopic, topicsImage } from './topics.ts'

const caller: Caller = { clientId: 'c', clientHost: '/h', newMemberId: 'unused' }

/** A coordinator as the runtime would run it: what is stored, and a group in memory. */
class Coordinator {
  readonly random: SeededRandom
  nowMs = 1_000_000
  topics: KnownTopic[] = []
  topicsVersion = 0
  mayDeleteTopics = true
  /** The group as the stored events alone make it. */
  replayed = newModernGroup('g')
  group = newModernGroup('g')
  readonly #settings

  constructor(random: SeededRandom) {
    this.random = random
    this.#settings = {
      ...modernGroupDefaults,
      assignmentIntervalMs: random.pick([0, 1000]),
      assignors: random.pick([
        ['uniform', 'range'],
        ['range', 'uniform'],
      ]),
    }
  }

  get around() {
    return { topics: topicsImage(this.topicsVersion, this.topics), settings: this.#settings }
  }

  /** Runs a command; null when the store failed, so that nobody hears what was decided. */
  run(command: ModernCommand, storeFails = false): ModernReply | null {
    const { events, reply, wakeAt } = decideModern(this.group, command, this.nowMs)
    const stored = JSON.parse(JSON.stringify(events.filter(isStored)))
    for (const event of events) applyModern(this.group, event)
    if (storeFails) {
      this.load()
      return null
    }
    for (const event of stored) applyModern(this.replayed, event)
    this.#check()
    this.#takeBack(events)
    if (wakeAt !== null && wakeAt <= this.nowMs) this.wake()
    return reply
  }

  /** Where the classic machine would go on, the group is handed to this one again. */
  #takeBack(events: readonly ModernEvent[]): void {
    const event = events.find(({ kind }) => kind === 'groupDowngraded')
    if (event?.kind !== 'groupDowngraded') return
    this.group = newModernGroup('g')
    this.replayed = newModernGroup('g')
    this.run({ kind: 'upgrade', classic: event.classic, ...this.around })
  }

  wake(): void {
    const { events } = decideModern(this.group, { kind: 'wake', ...this.around }, this.nowMs)
    for (const event of events) {
      applyModern(this.group, event)
      if (isStored(event)) applyModern(this.replayed, event)
    }
    this.#takeBack(events)
  }

  load(): void {
    this.group = groupFromRows(JSON.parse(JSON.stringify(rowsOf(this.replayed))))
    this.run({ kind: 'load', ...this.around })
  }

  changeTopics(): void {
    const { random } = this
    const topics = new Map(this.topics.map((topic) => [topic.name, topic]))
    const name = random.pick(['t', 'u', 'v', 'w'])
    const before = topics.get(name)
    this.topicsVersion += 1
    if (!before)
      topics.set(name, {
        topicId: `${name}#${this.topicsVersion}`,
        name,
        partitionCount: random.between(1, 5),
      })
    else if (this.mayDeleteTopics && random.chance(0.5)) topics.delete(name)
    else
      topics.set(name, {
        ...before,
        partitionCount: before.partitionCount + random.between(1, 3),
      })
    this.topics = [...topics.values()]
  }

  /** Nobody may hold what another holds, be it only until it has given it up. */
  #check(): void {
    const holders = new Map<string, string>()
    for (const member of this.group.members.values())
      for (const held of [member.assigned, member.revoking])
        for (const { topicId, partition } of partitionsOf(held)) {
          const name = `${topicId}-${partition}`
          equal(holders.get(name), undefined, `${name} is held twice`)
          holders.set(name, member.memberId)
          equal(this.group.holders.get(topicId)?.get(partition), member.memberId)
        }
    let count = 0
    for (const each of this.group.holders.values()) count += each.size
    equal(count, holders.size, 'the index of holders has more than the members')
    deepEqual(rowsOf(this.replayed), rowsOf(this.group))
  }
}

/** A client as KIP-848 has it: one request at a time, gives up before it takes, rejoins when fenced. */
class Client {
  readonly #coordinator: Coordinator
  readonly #index: number
  readonly #instanceId: string | null
  #incarnation = 0
  #saysAll = true
  #names: readonly string[] = ['t', 'u']
  #regex: string | null = null
  #target: ReadonlySet<string> | null = null
  alive = false
  epoch = 0
  owned = new Set<string>()

  constructor(coordinator: Coordinator, index: number) {
    this.#coordinator = coordinator
    this.#index = index
    this.#instanceId = index % 3 === 0 ? `instance-${index}` : null
  }

  get memberId(): string {
    return `m${this.#index}.${this.#incarnation}`
  }

  start(random: SeededRandom): void {
    if (this.alive) return
    this.alive = true
    this.#incarnation += 1
    this.subscribe(random)
    this.#forget()
  }

  /** Stops: with a word to the coordinator, or without. */
  stop(random: SeededRandom): void {
    if (!this.alive) return
    this.alive = false
    if (this.epoch > 0 && random.chance(0.6)) {
      const away = this.#instanceId !== null && random.chance(0.7)
      const request = { ...this.#request(), memberEpoch: away ? -2 : -1, topicPartitions: null }
      this.#coordinator.run(this.#command(request))
    }
    this.owned.clear()
  }

  subscribe(random: SeededRandom): void {
    this.#names = ['t', 'u', 'v', 'w'].filter(() => random.chance(0.6))
    this.#regex = random.chance(0.3) ? random.pick(['t|v', '[uw]', '.*']) : null
    if (random.chance(0.5)) {
      this.#names = ['t', 'u']
      this.#regex = null
    }
    this.#saysAll = true
  }

  /** One turn: does a part of what it was told, or asks the coordinator. */
  turn(random: SeededRandom, faults: boolean): void {
    if (!this.alive) return
    if (this.#target !== null && random.chance(0.7)) {
      this.#moveTowardsTarget()
      return
    }
    const command = this.#command(this.#request())
    const storeFails = faults && random.chance(0.03)
    const reply = this.#coordinator.run(command, storeFails)
    // A client takes the first answer that has its correlation id; those out of turn it drops.
    if (reply && faults && random.chance(0.1)) this.#coordinator.run(command)
    const isLost = faults && random.chance(0.1)
    if (!reply || isLost) this.#saysAll = true
    else this.#hear(reply)
  }

  #hear(reply: ModernReply): void {
    if (reply.kind === 'refused') {
      if (reply.error === 'UNRELEASED_INSTANCE_ID') return
      if (reply.error === 'FENCED_INSTANCE_ID') {
        this.#incarnation += 1
        this.#forget()
        return
      }
      const fencing = ['FENCED_MEMBER_EPOCH', 'UNKNOWN_MEMBER_ID', 'GROUP_ID_NOT_FOUND']
      equal(fencing.includes(reply.error), true, reply.message)
      this.#forget()
      return
    }
    equal(reply.kind, 'heartbeat')
    if (reply.kind !== 'heartbeat') return
    this.epoch = reply.memberEpoch
    this.#saysAll = false
    if (reply.assignment === null) return
    this.#target = new Set(
      Object.entries(reply.assignment).flatMap(([topicId, partitions]) =>
        partitions.map((partition) => `${topicId}-${partition}`),
      ),
    )
  }

  /** Gives up first, and takes in a later turn, so that the coordinator may hear in between. */
  #moveTowardsTarget(): void {
    const target = this.#target!
    const extra = [...this.owned].filter((name) => !target.has(name))
    if (extra.length > 0) for (const name of extra) this.owned.delete(name)
    else {
      this.owned = new Set(target)
      this.#target = null
    }
  }

  #forget(): void {
    this.epoch = 0
    this.#saysAll = true
    this.#target = null
    this.owned.clear()
  }

  #request(): HeartbeatRequest {
    const all = this.#saysAll || this.epoch === 0
    const owned = Map.groupBy(this.owned, (name) => name.slice(0, name.lastIndexOf('-')))
    return {
      groupId: 'g',
      memberId: this.memberId,
      memberEpoch: this.epoch,
      instanceId: this.#instanceId,
      rackId: null,
      rebalanceTimeoutMs: all ? 20_000 : -1,
      subscribedTopicNames: all ? this.#names : null,
      subscribedTopicRegex: all ? (this.#regex ?? '') : null,
      serverAssignor: null,
      // Between hearing of partitions and taking them a client says nothing of what it owns.
      topicPartitions:
        this.epoch === 0
          ? []
          : this.#target !== null
            ? null
            : [...owned].map(([topicId, names]) => ({
                topicId,
                partitions: names.map((name) => Number(name.slice(name.lastIndexOf('-') + 1))),
              })),
    }
  }

  #command(request: HeartbeatRequest): ModernCommand {
    return { kind: 'heartbeat', ...caller, ...this.#coordinator.around, version: 1, request }
  }
}

/** A cooperative client of the classic protocol (KIP-429), in a group of the newer one. */
class ClassicClient {
  readonly #coordinator: Coordinator
  readonly #index: number
  #incarnation = 0
  #topics: readonly string[] = []
  #next: 'join' | 'sync' | 'beat' = 'join'
  alive = false
  epoch = 0
  owned = new Set<string>()
  memberId = ''

  constructor(coordinator: Coordinator, index: number) {
    this.#coordinator = coordinator
    this.#index = index
  }

  start(random: SeededRandom): void {
    if (this.alive) return
    this.alive = true
    this.memberId = `classic${this.#index}.${++this.#incarnation}`
    this.subscribe(random)
    this.#forget()
  }

  stop(random: SeededRandom): void {
    if (!this.alive) return
    this.alive = false
    const members = [{ memberId: this.memberId, instanceId: null }]
    if (random.chance(0.6))
      this.#coordinator.run({ kind: 'classicLeave', members, ...this.#coordinator.around })
    this.owned.clear()
  }

  subscribe(random: SeededRandom): void {
    this.#topics = ['t', 'u', 'v', 'w'].filter(() => random.chance(0.6))
    this.#next = 'join'
  }

  turn(random: SeededRandom, faults: boolean): void {
    if (!this.alive) return
    const reply = this.#coordinator.run(this.#command(), faults && random.chance(0.03))
    if (!reply || (faults && random.chance(0.1))) return
    if (reply.kind === 'classicJoined') {
      this.epoch = reply.generationId
      this.#next = 'sync'
    } else if (reply.kind === 'classicSynced') this.#take(reply.assignment)
    else if (reply.kind === 'refused' && reply.error === 'REBALANCE_IN_PROGRESS')
      this.#next = 'join'
    else if (reply.kind === 'refused') {
      equal(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'].includes(reply.error), true, reply.message)
      this.#forget()
    }
  }

  #take(assignment: string): void {
    const next = new Set(
      decodeAssignment(assignment).flatMap(({ topic, partitions }) =>
        partitions.map((partition) => `${this.#idOf(topic)}-${partition}`),
      ),
    )
    const gaveUp = [...this.owned].some((name) => !next.has(name))
    this.owned = next
    this.#next = gaveUp ? 'join' : 'beat'
  }

  #forget(): void {
    this.epoch = 0
    this.#next = 'join'
    this.owned.clear()
  }

  #idOf(name: string): string {
    return this.#coordinator.topics.find((topic) => topic.name === name)!.topicId
  }

  #command(): ModernCommand {
    const common = { memberId: this.memberId, instanceId: null, ...this.#coordinator.around }
    const member = { ...common, generationId: this.epoch }
    if (this.#next === 'beat') return { kind: 'classicHeartbeat', ...member }
    if (this.#next === 'sync')
      return { kind: 'classicSync', ...member, protocolType: 'consumer', protocolName: 'x' }
    return {
      kind: 'classicJoin',
      ...common,
      ...caller,
      protocolType: 'consumer',
      protocols: [{ name: 'x', metadata: embedded(this.#topics, this.owned) }],
      sessionTimeoutMs: 45_000,
      rebalanceTimeoutMs: 20_000,
      requiresKnownMemberId: true,
    }
  }
}

type AnyClient = Client | ClassicClient

/** A subscription of version 1, in base64. */
const embedded = (topics: readonly string[], owned: ReadonlySet<string>): string => {
  const int32 = (value: number): number[] => [value >>> 24, value >>> 16, value >>> 8, value]
  const text = (value: string): number[] => [0, value.length, ...Buffer.from(value)]
  const byTopic = [...Map.groupBy(owned, (name) => name.split('#')[0]!)]
  return Buffer.from([
    ...[0, 1],
    ...int32(topics.length),
    ...topics.flatMap(text),
    ...int32(-1),
    ...int32(byTopic.length),
    ...byTopic.flatMap(([topic, names]) => [
      ...text(topic),
      ...int32(names.length),
      ...names.flatMap((name) => int32(Number(name.split('-').at(-1)))),
    ]),
  ]).toString('base64')
}

/** What a client owns that is not fenced, the coordinator has to know: else it gives it to another. */
const checkKnown = (coordinator: Coordinator, clients: readonly AnyClient[]): void => {
  for (const client of clients) {
    const member = coordinator.group.members.get(client.memberId)
    if (!client.alive || !member || client.epoch === 0) continue
    if (client.epoch !== member.epoch && client.epoch !== member.previousEpoch) continue
    for (const name of client.owned) {
      const [topicId, partition] = [name.slice(0, name.lastIndexOf('-')), name.split('-').at(-1)]
      equal(holds(member, topicId, Number(partition)), true, `${name} is taken from its owner`)
    }
  }
}

/** Of clients that believe they own a partition, at most one may commit for it. */
const checkOwners = (coordinator: Coordinator, clients: readonly AnyClient[]): void => {
  checkKnown(coordinator, clients)
  const owners = new Map<string, string>()
  for (const client of clients)
    for (const name of client.alive ? client.owned : []) {
      const at = name.lastIndexOf('-')
      const { reply } = decideModern(
        coordinator.group,
        {
          kind: 'checkCommit',
          memberId: client.memberId,
          instanceId: null,
          epoch: client.epoch,
          version: 9,
          transactional: false,
          partitions: [{ topicId: name.slice(0, at), partition: Number(name.slice(at + 1)) }],
        },
        coordinator.nowMs,
      )
      const member = coordinator.group.members.get(client.memberId)
      const partition = Number(name.slice(at + 1))
      const isAssigned = member?.assigned[name.slice(0, at)]?.[partition] !== undefined
      if (reply.kind !== 'done' || !isAssigned) continue
      equal(owners.get(name), undefined, `${name} is owned twice`)
      owners.set(name, client.memberId)
    }
}

const run = (seed: number, withClassic: boolean): void => {
  const random = new SeededRandom(`members-${seed}`)
  const coordinator = new Coordinator(random)
  coordinator.mayDeleteTopics = !withClassic
  const clients: AnyClient[] = Array.from({ length: 6 }, (_, index) =>
    withClassic && index >= 3
      ? new ClassicClient(coordinator, index)
      : new Client(coordinator, index),
  )
  coordinator.changeTopics()
  for (let step = 0; step < 400; step += 1) {
    const client = random.pick(clients)
    if (random.chance(0.06)) client.start(random)
    if (random.chance(0.02)) client.stop(random)
    if (random.chance(0.02)) client.subscribe(random)
    if (random.chance(0.03)) coordinator.changeTopics()
    if (random.chance(0.02)) coordinator.load()
    coordinator.nowMs += random.chance(0.03)
      ? random.between(-30_000, 60_000)
      : random.between(0, 1000)
    if (random.chance(0.5)) coordinator.wake()
    client.turn(random, true)
    checkOwners(coordinator, clients)
  }
  settle(coordinator, clients, random)
}

/** Without faults every partition has an owner in the end, and the owner knows it. */
const settle = (coordinator: Coordinator, clients: readonly AnyClient[], random: SeededRandom) => {
  clients[0]!.start(random)
  for (let round = 0; round < 120; round += 1) {
    coordinator.nowMs += 2_000
    coordinator.wake()
    for (const client of clients) client.turn(random, false)
    checkOwners(coordinator, clients)
  }
  equal(groupStateOf(coordinator.group), 'Stable')
  const owners = new Map<string, string>()
  for (const client of clients)
    for (const name of client.alive ? client.owned : []) {
      equal(owners.get(name), undefined, `${name} is owned twice`)
      owners.set(name, client.memberId)
    }
  for (const member of coordinator.group.members.values())
    for (const { topicId, partition } of partitionsOf(member.assigned))
      equal(owners.get(`${topicId}-${partition}`), member.memberId)
  const subscribed = new Set<string>()
  for (const member of coordinator.group.members.values()) {
    const matched = member.topicRegex && coordinator.group.regexes.get(member.topicRegex)
    for (const name of [...member.topicNames, ...(matched || [])]) subscribed.add(name)
  }
  for (const topic of coordinator.topics)
    for (let partition = 0; partition < topic.partitionCount; partition += 1)
      equal(owners.has(`${topic.topicId}-${partition}`), subscribed.has(topic.name))
}

for (let group = 0; group < 4; group += 1)
  test(`random members never share a partition, and own all in the end (${group})`, () => {
    for (let seed = group * 10; seed < group * 10 + 10; seed += 1)
      try {
        run(seed, group >= 2)
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error })
      }
  })
