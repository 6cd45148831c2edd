import { api, array, errorCode, int8, string, throttleTimeMs } from '../schema.ts'

/**
 * ListConfigResources: what has settings of its own (KIP-1142); version 0 knows client metrics
 * only.
 */
export const ListConfigResources = api(74, 'ListConfigResources', {
  versions: [0, 1],
  flexible: 0,
  request: {
    resourceTypes: array(int8).since(1),
  },
  response: {
    throttleTimeMs,
    errorCode,
    configResources: array({
      resourceName: string,
      resourceType: int8.since(1).or(16).ignorable(),
    }),
  },
})
