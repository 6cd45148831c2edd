// What was tried, and what came of it.
let passed = 0
let failed = 0
let skipped = 0

/** Tries a step; says, and returns, whether it went well: it throws what is wrong, or returns it as text. */
export const attempt = async (what: string, step: () => Promise<unknown>): Promise<boolean> => {
  const result = await step().catch((error: unknown) => String(error))
  const isGood = typeof result !== 'string'
  if (isGood) passed += 1
  else failed += 1
  console.log(isGood ? `ok: ${what}` : `FAILED: ${what}: ${result}`)
  return isGood
}

/** Says that something was not tried, and why. */
export const skip = (what: string, why: string): void => {
  skipped += 1
  console.log(`skipped: ${what}, because ${why}`)
}

/** Says how it all went; returns whether nothing failed. */
export const summary = (): boolean => {
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
  return failed === 0
}
