import { codeOf } from '#model'
import { Heartbeat, JoinGroup, SyncGroup } from '#protocol'
import { WireClient } from '#testing'

/** One member, as far as a measurement follows it. */
interface Member {
  readonly client: WireClient
  memberId: string
  generationId: number
}

const heartbeatIntervalMs = 50

/** What consumers embed, which Kafka reads: version 0, the topic `read`, no data of its own. */
const metadata = Buffer.from('000000000001000472656164ffffffff', 'hex')
/** Version 0, the partitions 0 to 3 of `read`, no data of its own. */
const assignment = Buffer.from(
  '0000000000010004726561640000000400000000000000010000000200000003ffffffff',
  'hex',
)

/** A classic group whose members have a connection each, and join when they are told to. */
export class GroupOfMembers {
  readonly groupId: string
  readonly members: readonly Member[]

  private constructor(groupId: string, members: readonly Member[]) {
    this.groupId = groupId
    this.members = members
  }

  /** Connects the members; none has joined yet. */
  static async of(port: number, groupId: string, count: number): Promise<GroupOfMembers> {
    const members: Member[] = []
    for (let index = 0; index < count; index += 1)
      members.push({ client: await WireClient.connect(port), memberId: '', generationId: -1 })
    return new GroupOfMembers(groupId, members)
  }

  /** A group with a member on each of these connections, which other groups may use, too. */
  static over(clients: readonly WireClient[], groupId: string): GroupOfMembers {
    const members = clients.map((client) => ({ client, memberId: '', generationId: -1 }))
    return new GroupOfMembers(groupId, members)
  }

  /**
   * Has all members join at once; resolves to the ms until each had its assignment in one generation. Who has
   * one already asks every so often whether it has to join again, as clients do, only more often.
   */
  async settle(): Promise<number> {
    const startedMs = performance.now()
    for (const member of this.members) member.generationId = -1
    await Promise.all(this.members.map((member) => this.#stay(member)))
    return performance.now() - startedMs
  }

  get #isSettled(): boolean {
    const [{ generationId }] = this.members as [Member]
    return generationId >= 0 && this.members.every((member) => member.generationId === generationId)
  }

  async #stay(member: Member): Promise<void> {
    await this.#enter(member)
    while (!this.#isSettled) {
      await new Promise((resolve) => setTimeout(resolve, heartbeatIntervalMs))
      const { memberId, generationId } = member
      const { errorCode } = await member.client.request(Heartbeat, 4, {
        groupId: this.groupId,
        memberId,
        generationId,
      })
      if (errorCode !== 0) await this.#enter(member)
    }
  }

  close(): void {
    for (const { client } of this.members) client.close()
  }

  /** Joins and syncs until it holds an assignment. */
  async #enter(member: Member): Promise<void> {
    for (;;) {
      const joined = await member.client.request(JoinGroup, 9, {
        groupId: this.groupId,
        memberId: member.memberId,
        sessionTimeoutMs: 30_000,
        rebalanceTimeoutMs: 60_000,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata }],
      })
      member.memberId = joined.memberId
      if (joined.errorCode !== 0) {
        if (joined.errorCode !== codeOf('MEMBER_ID_REQUIRED') && !isAgain(joined.errorCode))
          throw new Error(`JoinGroup answered ${joined.errorCode}`)
        continue
      }
      const { memberId } = member
      const isLeader = joined.leader === memberId
      const synced = await member.client.request(SyncGroup, 5, {
        groupId: this.groupId,
        memberId,
        generationId: joined.generationId,
        protocolType: 'consumer',
        protocolName: 'range',
        assignments: isLeader
          ? joined.members.map((each) => ({ memberId: each.memberId, assignment }))
          : [],
      })
      if (synced.errorCode === 0) {
        if (synced.assignment.length !== assignment.length) throw new Error('no assignment')
        member.generationId = joined.generationId
        return
      }
      if (!isAgain(synced.errorCode)) throw new Error(`SyncGroup answered ${synced.errorCode}`)
    }
  }
}

const isAgain = (errorCode: number): boolean =>
  errorCode === codeOf('REBALANCE_IN_PROGRESS') || errorCode === codeOf('ILLEGAL_GENERATION')
