// `npm run docs`: prints docs/protocol.md from the declared messages; with --check it only says, by
// its exit code, whether the page is up to date.
import { readFileSync, writeFileSync } from 'node:fs'
import { allHandlers } from '#handlers'
import { type Api, apis } from '#protocol'

/** An API as the broker names it in ApiVersions. */
interface ServedApi {
  key: number
  versions: readonly [first: number, last: number]
}

const page = new URL('../docs/protocol.md', import.meta.url)

/** Returns the page about the protocol; what is not among `served` is declared only. */
function protocolPage(served: readonly ServedApi[]): string {
  const rows = apis.map((api) => {
    const offered = served.find(({ key }) => key === api.key)
    const status = offered ? range(offered.versions) : 'declared'
    return [api.key, api.name, range(api.versions), flexibleFrom(api), status, note(api)]
  })
  return `# The protocol

What clients can send to a broker of Kafka 4.3, as declared in \`src/protocol/messages\`. This page
is printed by \`npm run docs\`.

*Declared* are the versions that can be read and written; *flexible* is the first with compact
lengths and tagged fields (KIP-482); *served* are the versions that ApiVersions names, and an API that
is only declared is not named there. Requests 83 to 87, by which brokers keep the state of share
groups, and those that only controllers take are left out.

${table(['Key', 'API', 'Declared', 'Flexible', 'Served', ''], rows)}

## Transactions

\`transaction.version\` is 2 for good: clients that know it (EndTxn 5, Produce 12, TxnOffsetCommit 5) get another
epoch with every transaction, so that nothing of an earlier one can reach a later one. Clients of version 1
keep their epoch: an EndTxn of theirs that was delayed on its way can end the transaction after its own
(KAFKA-17754), and no broker can tell the two apart. What they write is verified before it enters the log.

While the markers of a transaction are being written, what begins the next one waits in the broker for up to
\`add.partitions.to.txn.retry.backoff.max.ms\`, in every version; only then is it CONCURRENT_TRANSACTIONS.
\`transaction.partition.verification.enable\` has no effect: batches are always verified.
\`transaction.two.phase.commit.enable\` (KIP-939) has none yet.
`
}

function range([first, last]: readonly [first: number, last: number]): string {
  return first === last ? String(first) : `${first}–${last}`
}

function flexibleFrom({ flexible, versions }: Api): string {
  if (flexible === Number.POSITIVE_INFINITY) return 'never'
  return flexible <= versions[0] ? 'always' : String(flexible)
}

function note({ unstable, versions }: Api): string {
  return unstable ? `Kafka may still change version ${versions[1]}.` : ''
}

/** A Markdown table whose columns line up in the source as well. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [line(cells[0]!), rule, ...cells.slice(1).map(line)].join('\n')
}

const served = allHandlers.map(({ api, advertised }) => ({ key: api.key, versions: advertised }))
const printed = protocolPage(served)
if (!process.argv.includes('--check')) writeFileSync(page, printed)
else if (readFileSync(page, 'utf8') !== printed) {
  console.error('docs/protocol.md is out of date: npm run docs')
  process.exitCode = 1
}
