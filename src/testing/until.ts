/** How often a condition is looked at. */
const intervalMs = 10

/** Resolves once `holds` does; rejects after `timeoutMs` with what was waited for. */
export const until = async (
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> => {
  const deadlineMs = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`after ${timeoutMs} ms still not: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, intervalMs))
  }
}

/** Settles as `promise` does, but rejects after `timeoutMs` with what was waited for. */
export const within = async <T>(
  what: string,
  promise: Promise<T>,
  timeoutMs = 20_000,
): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`after ${timeoutMs} ms still not: ${what}`)),
      timeoutMs,
    )
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
