import { api, errorCode, errorMessage, int32, throttleTimeMs } from '../schema.ts'

/** UnregisterBroker: strikes a broker that is gone for good off the list. */
export const UnregisterBroker = api(64, 'UnregisterBroker', {
  versions: [0, 0],
  flexible: 0,
  request: {
    brokerId: int32,
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
  },
})
