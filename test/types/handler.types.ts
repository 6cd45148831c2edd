// What the compiler has to refuse in a handler. `npm run check` compiles this file; nothing runs it.
import { ListOffsets } from '#protocol'
import { handlerKit, noResponse, perItem } from '#server'

const handler = handlerKit<{ unused: true }>()

export const right = handler(ListOffsets, async (request) => ({
  topics: await Promise.all(
    request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await perItem(
        partitions,
        ({ partitionIndex }) => ({ partitionIndex }),
        () => ({ offset: 1 }),
      ),
    })),
  ),
}))

export const silent = handler(ListOffsets, () => noResponse)

// @ts-expect-error: the request has no field `topicz`.
export const misspeltRequest = handler(ListOffsets, (request) => ({ topics: request.topicz }))

// @ts-expect-error: the reply has no field `throttleMs`.
export const misspeltReply = handler(ListOffsets, () => ({ topics: [], throttleMs: 1 }))

export const misspeltDeep = handler(ListOffsets, (request) => ({
  // @ts-expect-error: a partition of the reply has no field `ofset`.
  topics: request.topics.map(({ name }) => ({
    name,
    partitions: [{ partitionIndex: 0, ofset: 1 }],
  })),
}))

export const wrongType = handler(ListOffsets, () => ({
  // @ts-expect-error: an offset is a number.
  topics: [{ name: 'a', partitions: [{ partitionIndex: 0, offset: 'zero' }] }],
}))
