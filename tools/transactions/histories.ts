import {
  liveThroughTransactions,
  type TransactionHistoryOptions,
  type TransactionHistoryReport,
} from './history.ts'

/** What to do. */
export interface TransactionHistoriesOptions {
  histories: number
  seed: number
  plant?: TransactionHistoryOptions['plant']
  say?: (line: string) => void
}

/** Lives through so many histories of transactions; rejects at the first promise that was broken. */
export const liveThroughMany = async ({
  histories,
  seed,
  plant,
  say,
}: TransactionHistoriesOptions): Promise<TransactionHistoryReport> => {
  const all: TransactionHistoryReport = { cuts: 0, restarts: 0, takeovers: 0, commits: 0 }
  for (let history = 0; history < histories; history += 1) {
    const name = `${seed}/${history}`
    try {
      const report = await liveThroughTransactions({ seed: name, ...(plant ? { plant } : {}) })
      all.cuts += report.cuts
      all.restarts += report.restarts
      all.takeovers += report.takeovers
      all.commits += report.commits
    } catch (error) {
      throw new Error(`history ${name}, the ${history + 1}th: ${(error as Error).message}`, {
        cause: error,
      })
    }
    if (history % 100 === 99) say?.(`${history + 1} histories, ${all.commits} commits`)
  }
  return all
}
