import { kafkaError } from '#model'
import { DescribeCluster } from '#protocol'
import { clusterOperations } from './authorized-operations.ts'
import { handler } from './kit.ts'

/** What KIP-919 calls the listeners that a client may ask for. */
const brokers = 1
const controllers = 2

/** The one broker of the cluster. */
export const describeCluster = handler(DescribeCluster, (request, context) => {
  const { catalog, advertised, settings } = context
  const { endpointType } = request
  if (endpointType === controllers) throw kafkaError('MISMATCHED_ENDPOINT_TYPE')
  if (endpointType !== brokers) throw kafkaError('UNSUPPORTED_ENDPOINT_TYPE')
  return {
    endpointType,
    clusterId: catalog.clusterId,
    controllerId: catalog.nodeId,
    brokers: [
      { brokerId: catalog.nodeId, ...advertised, rack: settings['broker.rack'], isFenced: false },
    ],
    clusterAuthorizedOperations: clusterOperations(request.includeClusterAuthorizedOperations),
  }
})
