// Bugs around the coordinator of transactions that its histories have to find out.
import type {
  TransactionChange,
  TransactionLog,
  TransactionStore,
  Transactions,
} from '#coordinators'
import type { Plant } from '../cuts/machine.ts'

const onLog = (change: (log: TransactionLog) => Partial<TransactionLog>): Plant => ({
  transactionLog: (log) => ({
    durable: (partitions) => log.durable(partitions),
    appendMarkers: (markers) => log.appendMarkers(markers),
    openTransactions: () => log.openTransactions(),
    ...change(log),
  }),
})

const onStore = (
  change: (changes: readonly TransactionChange[], store: TransactionStore) => Promise<void>,
): Plant => ({
  transactionStore: (store) =>
    new Proxy(store, {
      get: (target, name) => {
        if (name === 'write')
          return (changes: readonly TransactionChange[]) => change(changes, target)
        const value = Reflect.get(target, name) as unknown
        return typeof value === 'function' ? value.bind(target) : value
      },
    }),
})

const onTransactions = (change: (transactions: Transactions) => Partial<Transactions>): Plant => ({
  transactions: (transactions) => {
    const changed = change(transactions)
    return new Proxy(transactions, {
      get: (target, name) => {
        if (name in changed) return Reflect.get(changed, name) as unknown
        const value = Reflect.get(target, name) as unknown
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  },
})

/** Commits do not wait for the bytes of their transaction (order rule b). */
export const hasty = onLog(() => ({ durable: async () => undefined }))

/** Markers count as written at once (order rule d). */
export const early = onLog((log) => ({
  appendMarkers: async (markers) => {
    log.appendMarkers(markers).catch(() => undefined)
    return markers.map(() => null)
  },
}))

/** Every third call for markers writes none. */
export const endless = onLog((log) => {
  let count = 0
  return {
    appendMarkers: async (markers) => {
      count += 1
      return count % 3 === 0 ? markers.map(() => null) : log.appendMarkers(markers)
    },
  }
})

/** Offsets are made visible in a step of their own, before that of the decision (order rule c). */
export const forgetful = onStore(async (changes, store) => {
  const offsets = changes.filter(({ event }) => event.kind === 'offsetsDecided')
  if (offsets.length > 0) await store.write(offsets)
  await store.write(changes.filter(({ event }) => event.kind !== 'offsetsDecided'))
})

/** Whatever becomes of a transaction, its offsets are committed. */
export const halfhearted = onStore((changes, store) =>
  store.write(
    changes.map((change) =>
      change.event.kind === 'offsetsDecided'
        ? { ...change, event: { ...change.event, commit: true } }
        : change,
    ),
  ),
)

/** Batches enter whatever has become of their transaction. */
export const lenient = onTransactions(() => ({ refusal: () => null, isOpen: () => true }))

/** Who carries an epoch that was fenced may go on. */
export const forgiving = onTransactions((transactions) => {
  const current = new Map<string, number>()
  return {
    init: async (transactionalId, said) => {
      const known = current.get(transactionalId)
      if (known !== undefined && known % 2 === 1) {
        const { facts } = await transactions.describe(transactionalId)
        current.set(transactionalId, known + 1)
        return { producerId: facts.producerId, epoch: facts.epoch }
      }
      current.set(transactionalId, (known ?? 0) + 1)
      return transactions.init(transactionalId, said)
    },
  }
})

/** A start does not look at what was left undecided. */
export const orphaning = onTransactions(() => ({ start: async () => [] }))
