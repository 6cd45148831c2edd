import {
  api,
  array,
  boolean,
  errorCode,
  int8,
  int32,
  string,
  throttleTimeMs,
  uuid,
} from '../schema.ts'

/** GetTelemetrySubscriptions: which metrics a client is to push, and how often (KIP-714). */
export const GetTelemetrySubscriptions = api(71, 'GetTelemetrySubscriptions', {
  versions: [0, 0],
  flexible: 0,
  request: {
    clientInstanceId: uuid,
  },
  response: {
    throttleTimeMs,
    errorCode,
    clientInstanceId: uuid,
    subscriptionId: int32,
    acceptedCompressionTypes: array(int8),
    pushIntervalMs: int32,
    telemetryMaxBytes: int32,
    deltaTemporality: boolean,
    requestedMetrics: array(string),
  },
})
