import { kafkaError } from '#model'
import { ApiVersions, type ResponseInput } from '#protocol'
import { supportedFeatures } from './features.ts'
import { handler } from './kit.ts'

/** What KIP-511 lets a client call itself. */
const softwareName = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** The version from which a client must say what software it is. */
const namedSince = 3

/**
 * Which APIs and versions are served: derived from the handlers themselves, so that there is no second
 * list. A version above ours never gets here; the dispatcher answers it in version 0.
 */
export const apiVersions = handler(
  ApiVersions,
  (request, { served }, { version }): ResponseInput<typeof ApiVersions> => {
    const named =
      softwareName.test(request.clientSoftwareName) &&
      softwareName.test(request.clientSoftwareVersion)
    if (version >= namedSince && !named)
      return { errorCode: kafkaError('INVALID_REQUEST').code, apiKeys: [] }
    return {
      apiKeys: served.map(({ key, versions: [minVersion, maxVersion] }) => ({
        apiKey: key,
        minVersion,
        maxVersion,
      })),
      ...supportedFeatures(version),
    }
  },
)
