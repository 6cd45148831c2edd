import { codeOf, errorNameOf, KafkaError, kafkaError } from '#model'
import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  EndTxn,
  InitProducerId,
  Produce,
  TxnOffsetCommit,
} from '#protocol'
import { buildBatch } from '#records'
import type { Topic } from './topic-client.ts'
import type { Requesting } from './wire-client.ts'

/** An offset that is to be committed in a transaction. */
export interface PendedOffset {
  topic: Topic
  partition: number
  offset: number
}

/** Who commits it, where that is a member of the group. */
export interface PendingMember {
  generationId: number
  memberId: string
}

/** The versions of the APIs that clients of a transaction version speak. */
const versions = {
  1: { produce: 11, add: 3, addGroup: 3, pend: 4, end: 4 },
  2: { produce: 12, add: 3, addGroup: 4, pend: 5, end: 5 },
} as const

/** How long the Java producer waits before it asks again what met a transaction that still ends. */
const concurrentBackoffMs = 20

/**
 * A producer with a transactional id, as plain as one can be: it retries nothing unless it is told to, and
 * rejects with the `KafkaError` that it is told. Under transaction version 2 it adds nothing by itself (KIP-890).
 */
export class TransactionalClient {
  readonly transactionalId: string
  producerId = -1n
  epoch = -1
  /** As a Produce has it. Real clients say -1, but what 1 promises must be enough for a commit. */
  acks: -1 | 1 = -1
  /** Whether it asks again what met a transaction that still ends, as real clients do. */
  isPatient = false
  readonly #client: Requesting
  readonly #version: 1 | 2
  #sequences = new Map<string, number>()

  constructor(client: Requesting, transactionalId: string, version: 1 | 2) {
    this.#client = client
    this.transactionalId = transactionalId
    this.#version = version
  }

  /** Takes the transactional id over, or with `carriesOn` asks for the next epoch of its own (KIP-360). */
  async init(timeoutMs = 60_000, carriesOn = false): Promise<void> {
    await this.#granted(async () => {
      const answer = await this.#client.request(InitProducerId, 5, {
        transactionalId: this.transactionalId,
        transactionTimeoutMs: timeoutMs,
        ...(carriesOn && { producerId: this.producerId, producerEpoch: this.epoch }),
      })
      granted(answer.errorCode)
      this.#goOn(answer.producerId, answer.producerEpoch)
    })
  }

  /** Adds partitions of a topic to the transaction. */
  async add({ name }: Topic, ...partitions: number[]): Promise<void> {
    await this.#granted(async () => {
      const answer = await this.#client.request(AddPartitionsToTxn, versions[this.#version].add, {
        v3AndBelowTransactionalId: this.transactionalId,
        v3AndBelowProducerId: this.producerId,
        v3AndBelowProducerEpoch: this.epoch,
        v3AndBelowTopics: [{ name, partitions }],
      })
      for (const { resultsByPartition } of answer.resultsByTopicV3AndBelow)
        for (const { partitionErrorCode } of resultsByPartition) granted(partitionErrorCode)
    })
  }

  async addGroup(groupId: string): Promise<void> {
    const request = { ...this.#producer(), groupId }
    const version = versions[this.#version].addGroup
    await this.#granted(async () =>
      granted((await this.#client.request(AddOffsetsToTxn, version, request)).errorCode),
    )
  }

  /** Appends a batch of the transaction; resolves to the offset of its first record. */
  async produce(
    topic: Topic,
    partition: number,
    values: readonly string[],
    version?: number,
  ): Promise<number> {
    return (await this.produceToAll(topic, [partition], values, version))[0]!
  }

  /** Appends a batch of the same values to each of the partitions, in one request; resolves to their offsets. */
  produceToAll(
    topic: Topic,
    partitions: readonly number[],
    values: readonly string[],
    version: number = versions[this.#version].produce,
  ): Promise<number[]> {
    const partitionData = partitions.map((index) => ({
      index,
      records: this.#batch(`${index}/${topic.name}`, values),
    }))
    return this.#granted(async () => {
      const { responses } = await this.#client.request(Produce, version, {
        transactionalId: this.transactionalId,
        acks: this.acks,
        timeoutMs: 30_000,
        topicData: [
          {
            ...(version >= 13 ? { topicId: topic.topicId } : { name: topic.name }),
            partitionData,
          },
        ],
      })
      const answers = responses[0]!.partitionResponses
      for (const { errorCode } of answers) granted(errorCode)
      return answers.map(({ baseOffset }) => baseOffset)
    })
  }

  /** The next batch of the producer in a partition. */
  #batch(key: string, values: readonly string[]): Uint8Array {
    const baseSequence = this.#sequences.get(key) ?? 0
    this.#sequences.set(key, baseSequence + values.length)
    return buildBatch(
      values.map((value) => ({ timestampMs: 1000, key: null, value: Buffer.from(value) })),
      {
        producerId: Number(this.producerId),
        producerEpoch: this.epoch,
        baseSequence,
        isTransactional: true,
      },
    )
  }

  /** Commits offsets of a group within the transaction. */
  async pend(
    groupId: string,
    offsets: readonly PendedOffset[],
    member?: PendingMember,
    version: number = versions[this.#version].pend,
  ): Promise<void> {
    await this.#granted(async () => {
      const answer = await this.#client.request(TxnOffsetCommit, version, {
        ...this.#producer(),
        groupId,
        ...(version >= 3 && member),
        topics: offsets.map(({ topic, partition, offset }) => ({
          name: topic.name,
          partitions: [
            { partitionIndex: partition, committedOffset: offset, committedMetadata: null },
          ],
        })),
      })
      for (const { partitions } of answer.topics)
        for (const { errorCode } of partitions) granted(errorCode)
    })
  }

  /** Ends the transaction, and goes on with the epoch that it is told. */
  async end(committed: boolean, version: number = versions[this.#version].end): Promise<void> {
    await this.#granted(async () => {
      const answer = await this.#client.request(EndTxn, version, { ...this.#producer(), committed })
      granted(answer.errorCode)
      if (version >= 5) this.#goOn(answer.producerId, answer.producerEpoch)
    })
  }

  /** Asks, and asks again while the last transaction still ends, where it is patient. */
  async #granted<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        const isConcurrent =
          error instanceof KafkaError && error.errorName === 'CONCURRENT_TRANSACTIONS'
        if (!this.isPatient || !isConcurrent) throw error
        await new Promise((resolve) => setTimeout(resolve, concurrentBackoffMs))
      }
    }
  }

  #producer() {
    const { transactionalId, producerId, epoch } = this
    return { transactionalId, producerId, producerEpoch: epoch }
  }

  #goOn(producerId: bigint, epoch: number): void {
    this.producerId = producerId
    this.epoch = epoch
    this.#sequences = new Map()
  }
}

const granted = (code: number): void => {
  if (code !== codeOf('NONE')) throw kafkaError(errorNameOf(code))
}
