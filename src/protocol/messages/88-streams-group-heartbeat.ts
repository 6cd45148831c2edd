import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
  throttleTimeMs,
  uint16,
} from '../schema.ts'

const keyValue = {
  key: string,
  value: string,
}

const topicInfo = {
  name: string,
  partitions: int32,
  replicationFactor: int16,
  topicConfigs: array(keyValue),
}

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
}

const endpoint = {
  host: string,
  port: uint16,
}

const taskOffset = {
  subtopologyId: string,
  partition: int32,
  offset: int64,
}

const status = {
  statusCode: int8,
  statusDetail: string,
}

const topicPartition = {
  topic: string,
  partitions: array(int32),
}

/**
 * StreamsGroupHeartbeat: all that a member of a streams group says and hears (KIP-1071).
 *
 * As in ConsumerGroupHeartbeat, null says that nothing has changed.
 */
export const StreamsGroupHeartbeat = api(88, 'StreamsGroupHeartbeat', {
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    endpointInformationEpoch: int32,
    instanceId: string.nullable().or(null),
    rackId: string.nullable().or(null),
    rebalanceTimeoutMs: int32.or(-1),
    topology: struct({
      epoch: int32,
      subtopologies: array({
        subtopologyId: string,
        sourceTopics: array(string),
        sourceTopicRegex: array(string),
        stateChangelogTopics: array(topicInfo),
        repartitionSinkTopics: array(string),
        repartitionSourceTopics: array(topicInfo),
        copartitionGroups: array({
          sourceTopics: array(int16),
          sourceTopicRegex: array(int16),
          repartitionSourceTopics: array(int16),
        }),
      }),
    })
      .nullable()
      .or(null),
    activeTasks: array(taskIds).nullable().or(null),
    standbyTasks: array(taskIds).nullable().or(null),
    warmupTasks: array(taskIds).nullable().or(null),
    processId: string.nullable().or(null),
    userEndpoint: struct(endpoint).nullable().or(null),
    clientTags: array(keyValue).nullable().or(null),
    taskOffsets: array(taskOffset).nullable().or(null),
    taskEndOffsets: array(taskOffset).nullable().or(null),
    shutdownApplication: boolean.or(false),
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
    memberId: string,
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    acceptableRecoveryLag: int32,
    taskOffsetIntervalMs: int32,
    status: array(status).nullable(),
    activeTasks: array(taskIds).nullable().or(null),
    standbyTasks: array(taskIds).nullable().or(null),
    warmupTasks: array(taskIds).nullable().or(null),
    endpointInformationEpoch: int32,
    partitionsByUserEndpoint: array({
      userEndpoint: struct(endpoint),
      activePartitions: array(topicPartition),
      standbyPartitions: array(topicPartition),
    })
      .nullable()
      .or(null),
  },
})
