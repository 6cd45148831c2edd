import { join } from 'node:path'
import { type Disk, DiskError } from '#world'
import { readBatches } from './batch-file.ts'
import { unusable } from './kafka-files-error.ts'
import { type KafkaTopic, MetadataImage } from './metadata-image.ts'
import { readMetadataRecord } from './metadata-records.ts'

const folderName = '__cluster_metadata-0'
const segmentFile = /^(\d{20})\.log$/
const snapshotFile = /^(\d{20})-(\d{10})\.checkpoint$/

/**
 * Reads the topics of a stopped Kafka from its metadata log: the newest snapshot, then what the segments
 * have behind it. Throws a `KafkaFilesError`.
 */
export const readKafkaTopics = async (disk: Disk, kafkaFolder: string): Promise<KafkaTopic[]> => {
  const folder = join(kafkaFolder, folderName)
  const names = await namesIn(disk, folder)
  const image = new MetadataImage()
  const snapshot = names
    .filter((name) => snapshotFile.test(name))
    .sort()
    .at(-1)
  if (snapshot !== undefined) await takeFile(disk, join(folder, snapshot), 0, image)
  const from = snapshot === undefined ? 0 : Number(snapshotFile.exec(snapshot)![1])
  const segments = names.filter((name) => segmentFile.test(name)).sort()
  const begin = Number(segmentFile.exec(segments[0] ?? '')?.[1] ?? from)
  if (begin > from)
    throw unusable(`${folder} has no snapshot of what was before offset ${begin} of its log.`)
  for (const name of segments) await takeFile(disk, join(folder, name), from, image)
  return image.topics()
}

const takeFile = async (
  disk: Disk,
  path: string,
  fromOffset: number,
  image: MetadataImage,
): Promise<void> => {
  for await (const batch of readBatches(disk, path)) {
    if (batch.isControl) continue
    for (const { offset, value } of batch.records) {
      const record = offset >= fromOffset && value ? readMetadataRecord(value) : undefined
      if (record) image.take(record)
    }
  }
}

const namesIn = async (disk: Disk, folder: string): Promise<string[]> => {
  try {
    return await disk.list(folder)
  } catch (error) {
    if (!(error instanceof DiskError && error.kind === 'absent')) throw error
    throw unusable(`There is no ${folder}: name the folder of log.dirs of a Kafka in KRaft mode.`)
  }
}
