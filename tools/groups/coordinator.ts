import {
  classicDefaults,
  type GroupChange,
  type GroupMachine,
  type GroupReply,
  type GroupStep,
  type GroupTarget,
  groupMachinery,
  heartbeatStep,
  joinStep,
  memberStep,
  modernGroupDefaults,
  Runtime,
  type SaidHeartbeat,
  type SurroundingsOf,
  syncStep,
  type Time,
} from '#coordinators'
import type { SqlGroupStore } from '#metadata'
import type { Simulation } from '#testing'
import type { Topics } from './topics.ts'

/** The group that everyone is in. */
export const groupId = 'group'

/** In ms. */
export const sessionTimeoutMs = 10_000

const classicSettings = { ...classicDefaults, initialRebalanceDelayMs: 500 }
const modernSettings = { ...modernGroupDefaults, sessionTimeoutMs, heartbeatIntervalMs: 1000 }

/** What a test does to the machines, so that its checks can be seen to find it. */
export interface Plant {
  /** Says something else than what was decided. */
  reply?: (reply: GroupReply, machine: GroupMachine | null) => GroupReply
  /** Loses some of what is to be stored. */
  store?: (store: SqlGroupStore) => Pick<SqlGroupStore, 'write' | 'load'>
}

/** The machines of one group in one life of a broker. */
export class Coordinator {
  readonly #runtime: Runtime<GroupMachine, GroupReply, GroupChange>
  readonly #around: SurroundingsOf
  readonly #plant: Plant
  isOver = false

  constructor(
    store: SqlGroupStore,
    simulation: Simulation,
    skewMs: () => number,
    topics: Topics,
    plant: Plant,
  ) {
    this.#plant = plant
    this.#around = () => ({ topics: topics.image, settings: modernSettings })
    const { clock } = simulation
    const time: Time = {
      nowMs: () => Math.floor(clock.monotonicMs() + skewMs()),
      after: (delayMs, task) => clock.after(delayMs, () => this.isOver || task()),
      endOfTurn: (task) => clock.endOfTurn(() => this.isOver || task()),
    }
    this.#runtime = new Runtime(plant.store?.(store) ?? store, time, groupMachinery(this.#around))
  }

  /** Null when the group is not there; undefined when it is not loaded, or what it shows is not durable. */
  get durableMachine(): GroupMachine | null | undefined {
    return this.#runtime.isDurable(groupId) ? this.#runtime.peek(groupId) : undefined
  }

  get machine(): GroupMachine | null | undefined {
    return this.#runtime.peek(groupId)
  }

  /** Begins to look after the group, as a broker does when it starts. */
  start(): Promise<GroupReply> {
    return this.#run(({ machine }) => ({
      machine,
      reply: { kind: 'done' },
      changes: [],
      wakeAt: null,
    }))
  }

  heartbeat(said: SaidHeartbeat): Promise<GroupReply> {
    return this.#run((target) => heartbeatStep(target, said))
  }

  join(said: Parameters<typeof joinStep>[1]): Promise<GroupReply> {
    return this.#run((target, ticket) => joinStep(target, said, classicSettings, ticket))
  }

  sync(said: Parameters<typeof syncStep>[1]): Promise<GroupReply> {
    return this.#run((target, ticket) => syncStep(target, said, ticket))
  }

  classicHeartbeat(memberId: string, instanceId: string | null, generationId: number) {
    const command = { kind: 'heartbeat', memberId, instanceId, generationId } as const
    return this.#run((target) => memberStep(target, command))
  }

  leave(memberId: string, instanceId: string | null): Promise<GroupReply> {
    const command = { kind: 'leave', members: [{ memberId, instanceId }] } as const
    return this.#run((target) => memberStep(target, command))
  }

  async #run(step: (target: GroupTarget, ticket: number) => GroupStep): Promise<GroupReply> {
    const reply = await this.#runtime.run(groupId, (machine, nowMs, ticket) =>
      step({ groupId, machine, around: this.#around, nowMs }, ticket),
    )
    return this.#plant.reply?.(reply, this.machine ?? null) ?? reply
  }
}
