import { kafkaError } from '#model'
import { AddOffsetsToTxn } from '#protocol'
import { handler } from './kit.ts'
import { askingOf } from './transactions/asking.ts'
import { withTransactionErrors } from './transactions/errors.ts'

/** Adds a group to a transaction, which begins with it: offsets of the group may then be committed in it. */
export const addOffsetsToTxn = handler(
  AddOffsetsToTxn,
  async (request, { transactions }, { version }) => {
    if (request.groupId === '') throw kafkaError('INVALID_GROUP_ID')
    const added = transactions.addGroup(askingOf(request), request.groupId)
    await withTransactionErrors('AddOffsetsToTxn', version, added)
    return { errorCode: 0 }
  },
)
