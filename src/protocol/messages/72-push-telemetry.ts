import { api, boolean, bytes, errorCode, int8, int32, throttleTimeMs, uuid } from '../schema.ts'

/** PushTelemetry: a client's metrics, in OpenTelemetry's form (KIP-714). */
export const PushTelemetry = api(72, 'PushTelemetry', {
  versions: [0, 0],
  flexible: 0,
  request: {
    clientInstanceId: uuid,
    subscriptionId: int32,
    terminating: boolean,
    compressionType: int8,
    metrics: bytes,
  },
  response: {
    throttleTimeMs,
    errorCode,
  },
})
