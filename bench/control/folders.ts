import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What is downloaded or built once and kept between runs; nothing of it is part of the project. */
export const cacheFolder = (name: string): string => {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'odradek', name)
  mkdirSync(folder, { recursive: true })
  return folder
}
