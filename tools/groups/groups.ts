import type { Plant } from './coordinator.ts'
import { type HistoryReport, liveThrough } from './history.ts'

/** What to do. */
export interface GroupsOptions {
  histories: number
  seed: number
  plant?: Plant
  say?: (line: string) => void
}

/** Lives through so many histories of groups; rejects at the first one that goes wrong. */
export const groupHistories = async ({
  histories,
  seed,
  plant,
  say,
}: GroupsOptions): Promise<HistoryReport> => {
  const all: HistoryReport = { clients: 0, restarts: 0, comparisons: 0, moves: 0 }
  for (let history = 0; history < histories; history += 1) {
    const name = `${seed}/${history}`
    try {
      const report = await liveThrough({ seed: name, ...(plant ? { plant } : {}) })
      for (const key of Object.keys(all) as (keyof HistoryReport)[]) all[key] += report[key]
    } catch (error) {
      throw new Error(`history ${name}: ${(error as Error).message}`, { cause: error })
    }
    if (history % 100 === 99) say?.(`${history + 1} histories, ${all.moves} moves`)
  }
  return all
}
