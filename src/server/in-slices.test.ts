import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { inSlices } from './handler.ts'
import { itemsAtOnceMax } from './limits.ts'

test('very many items are answered in their order, and only some at a time', async () => {
  let underWay = 0
  let most = 0
  const items = Array.from({ length: 3 * itemsAtOnceMax + 1 }, (_, index) => index)
  const answers = await inSlices(items, async (item) => {
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise((resolve) => setImmediate(resolve))
    underWay -= 1
    return item * 2
  })
  deepEqual(
    answers,
    items.map((item) => item * 2),
  )
  equal(most, itemsAtOnceMax)
})
