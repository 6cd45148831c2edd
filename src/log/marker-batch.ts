import { buildMarker, MarkerType } from '#records'
import type { TransactionMarker } from './engine.ts'
import type { ProducerStates } from './producer-states.ts'

/** The control batch of a marker, still without its place in a log. */
export const markerBatch = (
  { commit, producerId, epoch, coordinatorEpoch }: TransactionMarker,
  producers: ProducerStates,
  nowMs: number,
): Buffer =>
  buildMarker({
    type: commit ? MarkerType.commit : MarkerType.abort,
    timestampMs: nowMs,
    producerId,
    producerEpoch: epoch,
    coordinatorEpoch: coordinatorEpoch ?? producers.coordinatorEpochOf(producerId),
  })
