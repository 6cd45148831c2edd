import type { Disk } from '#world'

/** Puts a file of this text in the place of another, durably but for the folder's own entry. */
export const replaceText = async (disk: Disk, path: string, text: string): Promise<void> => {
  const file = await disk.open(`${path}.tmp`, 'create')
  try {
    await file.truncate(0)
    await file.write([Buffer.from(text)], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(`${path}.tmp`, path)
}
