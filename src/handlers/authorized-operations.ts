// Bit fields of what a client may do (KIP-430): bit n stands for Kafka's operation n. As long as nobody
// is asked who they are, everyone may do everything.
const bits = (...operations: number[]): number =>
  operations.reduce((field, operation) => field | (1 << operation), 0)

const [read, write, create, remove, alter, describe] = [3, 4, 5, 6, 7, 8] as const
const [clusterAction, describeConfigs, alterConfigs, idempotentWrite] = [9, 10, 11, 12] as const

const onTopic = bits(read, write, create, remove, alter, describe, describeConfigs, alterConfigs)
const onGroup = bits(read, remove, describe, describeConfigs, alterConfigs)
const onCluster = bits(
  create,
  alter,
  describe,
  clusterAction,
  describeConfigs,
  alterConfigs,
  idempotentWrite,
)

/** What stands in an answer to someone who did not ask. */
const notAsked = -2147483648

export const topicOperations = (asked: boolean): number => (asked ? onTopic : notAsked)
export const clusterOperations = (asked: boolean): number => (asked ? onCluster : notAsked)
export const groupOperations = (asked: boolean): number => (asked ? onGroup : notAsked)
