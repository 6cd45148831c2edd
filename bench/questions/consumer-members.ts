import { randomUUID } from 'node:crypto'
import { codeOf } from '#model'
import { ConsumerGroupHeartbeat } from '#protocol'
import { WireClient } from '#testing'
import { readTopic } from './group-broker.ts'

/** One member, as far as a measurement follows it. */
interface Member {
  readonly client: WireClient
  memberId: string
  epoch: number
  topicId: string
  owned: readonly number[]
  /** What it owns has changed, and the group has not heard of it. */
  hasNews: boolean
}

/** Between two heartbeats of a member. */
const beatIntervalMs = 100

/** A group of the newer protocol (KIP-848) whose members have a connection each and read one topic. */
export class GroupOfConsumers {
  readonly #groupId: string
  readonly #members: readonly Member[]
  readonly #partitionCount: number
  #heartbeats = 0

  private constructor(groupId: string, members: readonly Member[], partitionCount: number) {
    this.#groupId = groupId
    this.#members = members
    this.#partitionCount = partitionCount
  }

  /** Connects the members; none has joined yet. */
  static async of(
    port: number,
    groupId: string,
    count: number,
    partitionCount: number,
  ): Promise<GroupOfConsumers> {
    const members: Member[] = []
    for (let index = 0; index < count; index += 1)
      members.push({
        client: await WireClient.connect(port),
        memberId: '',
        epoch: 0,
        topicId: '',
        owned: [],
        hasNews: false,
      })
    return new GroupOfConsumers(groupId, members, partitionCount)
  }

  /** All heartbeats so far. */
  get heartbeats(): number {
    return this.#heartbeats
  }

  /**
   * Has all members join at once, those that were there under another id; resolves to the ms until every
   * partition has its owner, and all members are in one epoch.
   */
  async settle(): Promise<number> {
    const startedMs = performance.now()
    await Promise.all(this.#members.map((member) => this.#restart(member)))
    return performance.now() - startedMs
  }

  close(): void {
    for (const { client } of this.#members) client.close()
  }

  get #isSettled(): boolean {
    const [{ epoch }] = this.#members as [Member]
    const owned = this.#members.reduce((sum, each) => sum + each.owned.length, 0)
    return (
      owned === this.#partitionCount &&
      this.#members.every((member) => member.epoch === epoch && !member.hasNews)
    )
  }

  async #restart(member: Member): Promise<void> {
    if (member.memberId !== '') {
      const { memberId } = member
      this.#heartbeats += 1
      await member.client.request(ConsumerGroupHeartbeat, 1, {
        groupId: this.#groupId,
        memberId,
        memberEpoch: -1,
      })
    }
    Object.assign(member, { memberId: randomUUID(), epoch: 0, owned: [], hasNews: false })
    await this.#beat(member)
    while (!this.#isSettled) {
      if (!member.hasNews) await new Promise((resolve) => setTimeout(resolve, beatIntervalMs))
      await this.#beat(member)
    }
  }

  async #beat(member: Member): Promise<void> {
    const { memberId, epoch, owned, topicId, hasNews } = member
    const joining = {
      rebalanceTimeoutMs: 60_000,
      subscribedTopicNames: [readTopic],
      topicPartitions: [],
    }
    this.#heartbeats += 1
    const answer = await member.client.request(ConsumerGroupHeartbeat, 1, {
      groupId: this.#groupId,
      memberId,
      memberEpoch: epoch,
      ...(epoch === 0 && joining),
      ...(hasNews && {
        topicPartitions: owned.length > 0 ? [{ topicId, partitions: owned }] : [],
      }),
    })
    if (
      answer.errorCode === codeOf('COORDINATOR_NOT_AVAILABLE') ||
      answer.errorCode === codeOf('COORDINATOR_LOAD_IN_PROGRESS')
    )
      return
    if (answer.errorCode !== 0)
      throw new Error(`ConsumerGroupHeartbeat answered ${answer.errorCode} ${answer.errorMessage}`)
    member.epoch = answer.memberEpoch
    member.hasNews = answer.assignment !== null
    if (!answer.assignment) return
    member.owned = answer.assignment.topicPartitions.flatMap(({ partitions }) => partitions)
    member.topicId = answer.assignment.topicPartitions[0]?.topicId ?? topicId
  }
}
