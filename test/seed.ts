import { execFileSync } from 'node:child_process'

/** A seed that follows from the commit: each commit tries another, and the same one again the same. */
export const commitSeed = (): number => {
  try {
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' })
    return Number.parseInt(commit.slice(0, 8), 16)
  } catch {
    return 1
  }
}
