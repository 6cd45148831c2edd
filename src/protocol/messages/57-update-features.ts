import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  int8,
  int16,
  int32,
  string,
  throttleTimeMs,
} from '../schema.ts'

/** UpdateFeatures: raises or lowers the level of features for the whole cluster (KIP-584). */
export const UpdateFeatures = api(57, 'UpdateFeatures', {
  versions: [0, 2],
  flexible: 0,
  request: {
    timeoutMs: int32.or(60_000),
    featureUpdates: array({
      feature: string,
      maxVersionLevel: int16,
      allowDowngrade: boolean.until(0),
      upgradeType: int8.since(1).or(1),
    }),
    validateOnly: boolean.since(1).or(false),
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
    results: array({
      feature: string,
      errorCode,
      errorMessage,
    })
      .until(1)
      .ignorable(),
  },
})
