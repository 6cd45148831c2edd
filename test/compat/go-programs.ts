// Our program in Go, which needs Go, and its modules from a cache or a proxy.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MemberCommand } from './group-member.ts'
import { scratch, works } from './programs.ts'

const folder = fileURLToPath(new URL('clients/franz/', import.meta.url))
const program = join(scratch.path, 'franz')

/** Compiles the program; returns why there are no members in Go, if so. */
export const franzMissing = (): string | undefined => {
  if (!works('go', 'version')) return 'go is not installed'
  const options = { cwd: folder, encoding: 'utf8', timeout: 300_000 } as const
  if (spawnSync('go', ['mod', 'download'], options).status !== 0)
    return 'its modules could not be downloaded'
  const { status, stderr } = spawnSync('go', ['build', '-o', program, '.'], options)
  if (status !== 0) throw new Error(`the program in Go was not compiled: ${stderr}`)
  return undefined
}

/** A member by franz-go with one of its balancers, once it is compiled. */
export const franzMember = (balancer: 'range' | 'cooperative-sticky'): MemberCommand => [
  program,
  balancer,
]
