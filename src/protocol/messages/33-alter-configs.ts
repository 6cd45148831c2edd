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

/** AlterConfigs: replaces all settings of a resource; IncrementalAlterConfigs is the better way. */
export const AlterConfigs = api(33, 'AlterConfigs', {
  versions: [0, 2],
  flexible: 2,
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
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
