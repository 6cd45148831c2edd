// Transactions of the npm clients, each copier in a process of its own.
import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { copyThroughKills, kafkajsCopier } from './copying.ts'

test('copiers of kafkajs copy each record once, although they and the broker are killed', async () => {
  equal(await copyThroughKills(kafkajsCopier), undefined)
})
