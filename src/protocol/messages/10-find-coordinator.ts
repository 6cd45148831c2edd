import {
  api,
  array,
  errorCode,
  errorMessage,
  int8,
  int32,
  string,
  throttleTimeMs,
} from '../schema.ts'

/**
 * FindCoordinator: the broker that looks after a group (type 0), transactional id (1) or share
 * group's partition (2).
 *
 * Version 4 asks for several keys at once (KIP-699); 6 knows the share type (KIP-932).
 */
export const FindCoordinator = api(10, 'FindCoordinator', {
  versions: [0, 6],
  flexible: 3,
  request: {
    key: string.until(3),
    keyType: int8.since(1).or(0),
    coordinatorKeys: array(string).since(4),
  },
  response: {
    throttleTimeMs: throttleTimeMs.since(1).ignorable(),
    errorCode: errorCode.until(3),
    errorMessage: errorMessage.since(1).until(3).ignorable(),
    nodeId: int32.until(3),
    host: string.until(3),
    port: int32.until(3),
    coordinators: array({
      key: string,
      nodeId: int32,
      host: string,
      port: int32,
      errorCode,
      errorMessage,
    }).since(4),
  },
})
