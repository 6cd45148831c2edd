import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { realClock } from './clock.ts'
import { realDisk } from './real-disk.ts'
import { realThreads } from './real-threads.ts'
import { sameThread, ThreadEnded } from './threads.ts'

/** Counts questions, fails on some, and works for ever on others until it is ended. */
const module = new URL(
  `data:text/javascript,${encodeURIComponent(`
    export const work = ({ clock, isEnded }) => {
      let count = 0
      return async (question) => {
        count += 1
        if (question === 'fail')
          throw Object.assign(new Error('no room'), { code: 'DISK_ENOSPC', kind: 'full' })
        while (question === 'for ever' && !isEnded())
          await new Promise((resolve) => setTimeout(resolve, 1))
        return { question, count, hasClock: clock.nowMs() > 0 }
      }
    }`)}`,
)

for (const [name, threads] of [
  ['a real thread', realThreads],
  ['the same thread', sameThread(realDisk, realClock)],
] as const) {
  test(`${name} answers in order and remembers what it was asked`, async () => {
    const thread = threads.start(module)
    const answers = await Promise.all(['a', 'b', 'c'].map((question) => thread.ask(question)))
    deepEqual(
      answers,
      ['a', 'b', 'c'].map((question, index) => ({ question, count: index + 1, hasClock: true })),
    )
    await thread.end()
  })

  test(`what goes wrong on ${name} says what the caller has to do`, async () => {
    const thread = threads.start(module)
    await rejects(thread.ask('fail'), { message: 'no room', code: 'DISK_ENOSPC', kind: 'full' })
    deepEqual(await thread.ask('x'), { question: 'x', count: 2, hasClock: true })
    await thread.end()
  })

  test(`${name} is ended in the middle of its work, and answers nothing more`, async () => {
    const thread = threads.start(module)
    await thread.ask('x')
    const working = thread.ask('for ever').catch((error: unknown) => error)
    const next = thread.ask('y').catch((error: unknown) => error)
    await new Promise((resolve) => setTimeout(resolve, 5))
    await thread.end()
    ok(await working)
    ok((await next) instanceof ThreadEnded)
    await rejects(thread.ask('z'), ThreadEnded)
  })
}

test('a thread that goes away by itself leaves no question without an answer', async () => {
  const leaving = `export const work = () => () => process.exit(0)`
  const thread = realThreads.start(new URL(`data:text/javascript,${leaving}`))
  await rejects(thread.ask('x'), ThreadEnded)
  await thread.end()
})

test('a module that cannot be loaded fails what it is asked', async () => {
  const missing = new URL('data:text/javascript,throw new Error("broken")')
  const thread = realThreads.start(missing)
  await rejects(thread.ask('x'), /broken/)
  await thread.end()
  equal(await thread.ask('y').catch((error: Error) => error.message), 'the thread was ended')
})
