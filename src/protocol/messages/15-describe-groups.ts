import {
  api,
  array,
  boolean,
  bytes,
  errorCode,
  errorMessage,
  int32,
  string,
  throttleTimeMs,
} from '../schema.ts'

/** DescribeGroups: state and members of classic groups. */
export const DescribeGroups = api(15, 'DescribeGroups', {
  versions: [0, 6],
  flexible: 5,
  request: {
    groups: array(string),
    includeAuthorizedOperations: boolean.since(3),
  },
  response: {
    throttleTimeMs: throttleTimeMs.since(1).ignorable(),
    groups: array({
      errorCode,
      errorMessage: errorMessage.since(6),
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array({
        memberId: string,
        groupInstanceId: string.since(4).nullable().or(null).ignorable(),
        clientId: string,
        clientHost: string,
        memberMetadata: bytes,
        memberAssignment: bytes,
      }),
      authorizedOperations: int32.since(3).or(-0x8000_0000),
    }),
  },
})
