import type { Time } from '#coordinators'
import type { Clock } from '#world'

/**
 * The machine's time since the start, so that nothing ends because someone sets its clock; in whole
 * milliseconds, as the store keeps it.
 */
export const steadyTime = (clock: Clock): Time => {
  const differenceMs = clock.nowMs() - clock.monotonicMs()
  return {
    nowMs: () => Math.floor(clock.monotonicMs() + differenceMs),
    after: (delayMs, task) => clock.after(delayMs, task),
    endOfTurn: (task) => clock.endOfTurn(task),
  }
}
