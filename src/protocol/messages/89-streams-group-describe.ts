import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
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

const endpoint = {
  host: string,
  port: uint16,
}

const taskOffset = {
  subtopologyId: string,
  partition: int32,
  offset: int64,
}

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
}

const assignment = {
  activeTasks: array(taskIds),
  standbyTasks: array(taskIds),
  warmupTasks: array(taskIds),
}

/** StreamsGroupDescribe: topology, members and tasks of streams groups (KIP-1071). */
export const StreamsGroupDescribe = api(89, 'StreamsGroupDescribe', {
  versions: [0, 0],
  flexible: 0,
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: boolean,
  },
  response: {
    throttleTimeMs,
    groups: array({
      errorCode,
      errorMessage,
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      topology: struct({
        epoch: int32,
        subtopologies: array({
          subtopologyId: string,
          sourceTopics: array(string),
          repartitionSinkTopics: array(string),
          stateChangelogTopics: array(topicInfo),
          repartitionSourceTopics: array(topicInfo),
        })
          .nullable()
          .or(null),
      })
        .nullable()
        .or(null),
      members: array({
        memberId: string,
        memberEpoch: int32,
        instanceId: string.nullable().or(null),
        rackId: string.nullable().or(null),
        clientId: string,
        clientHost: string,
        topologyEpoch: int32,
        processId: string,
        userEndpoint: struct(endpoint).nullable().or(null),
        clientTags: array(keyValue),
        taskOffsets: array(taskOffset),
        taskEndOffsets: array(taskOffset),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        isClassic: boolean,
      }),
      authorizedOperations: int32.or(-0x8000_0000),
    }),
  },
})
