// Run by `npm install` in the repository: starts a broker once and stops it, so that Node has stripped the
// types of all its modules and keeps the result. Else the very first start takes twice as long, and 40 MB
// more that the stripping needs and never gives back. What goes wrong here is not worth a word.
import { spawnBroker } from '#testing'

try {
  const broker = await spawnBroker({ readyMs: 10_000 })
  await broker.stop()
  await broker.remove()
} catch {
  // The first start does what was not done here.
}
