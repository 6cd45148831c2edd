import { type HistoryOptions, type HistoryReport, liveThrough } from './history.ts'

/** What to do. */
export interface CutsOptions {
  cuts: number
  seed: number
  plant?: HistoryOptions['plant']
  say?: (line: string) => void
}

/** Lives through histories until so many cuts have happened; rejects at the first promise that was broken. */
export const cutThePower = async ({
  cuts,
  seed,
  plant,
  say,
}: CutsOptions): Promise<HistoryReport> => {
  const all: HistoryReport = { cuts: 0, acknowledged: 0, records: 0, changes: 0 }
  for (let history = 0; all.cuts < cuts; history += 1) {
    const name = `${seed}/${history}`
    try {
      const report = await liveThrough({ seed: name, ...(plant ? { plant } : {}) })
      all.cuts += report.cuts
      all.acknowledged += report.acknowledged
      all.records += report.records
      all.changes += report.changes
    } catch (error) {
      throw new Error(`history ${name}, after ${all.cuts} cuts: ${(error as Error).message}`, {
        cause: error,
      })
    }
    if (history % 1000 === 999) say?.(`${all.cuts} cuts, ${all.acknowledged} acknowledgements`)
  }
  return all
}
