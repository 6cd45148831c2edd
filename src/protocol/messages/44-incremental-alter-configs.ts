import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  int8,
  string,
  throttleTimeMs,
} from '../schema.ts'

/**
 * IncrementalAlterConfigs: changes settings one by one (KIP-339): 0 set, 1 delete, 2 append, 3
 * subtract.
 */
export const IncrementalAlterConfigs = api(44, 'IncrementalAlterConfigs', {
  versions: [0, 1],
  flexible: 1,
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        configOperation: int8,
        value: string.nullable(),
      }),
    }),
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs,
    responses: array({
      errorCode,
      errorMessage,
      resourceType: int8,
      resourceName: string,
    }),
  },
})
