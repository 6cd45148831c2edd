import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  int8,
  int32,
  string,
  throttleTimeMs,
} from '../schema.ts'

/** DescribeCluster: the brokers, the controller and what the client may do (KIP-700). */
export const DescribeCluster = api(60, 'DescribeCluster', {
  versions: [0, 2],
  flexible: 0,
  request: {
    includeClusterAuthorizedOperations: boolean,
    endpointType: int8.since(1).or(1),
    includeFencedBrokers: boolean.since(2),
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
    endpointType: int8.since(1).or(1),
    clusterId: string,
    controllerId: int32.or(-1),
    brokers: array({
      brokerId: int32,
      host: string,
      port: int32,
      rack: string.nullable().or(null),
      isFenced: boolean.since(2),
    }),
    clusterAuthorizedOperations: int32.or(-0x8000_0000),
  },
})
