import { type Broker, startBroker } from '#broker'
import { loadSettings } from '#settings'
import {
  type Disk,
  realClock,
  realDatabases,
  realDisk,
  realHttp,
  realNetwork,
  realRandom,
  realThreads,
} from '#world'
import { collectingLogger } from './collecting-logger.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { WireClient } from './wire-client.ts'

/** A real broker in this process, on a free port and a folder of its own. */
export interface BoxedBroker {
  broker: Broker
  port: number
  folder: string
  logLines: string[]
  connect(): Promise<WireClient>
  /** Stops the broker and starts another on the same folder and port; `between` runs when neither is there. */
  restart(between?: () => void): Promise<void>
  /** Stops it and removes the folder. */
  remove(): Promise<void>
}

/** Starts a broker with these settings (`key=value`), on this machine's disk or one like it. */
export const boxBroker = async (
  sets: readonly string[] = [],
  disk: Disk = realDisk,
): Promise<BoxedBroker> => {
  const folder = temporaryFolder()
  const logger = collectingLogger()
  const start = (port: number): Promise<Broker> => {
    const flags = { data: folder.path, port }
    const world = {
      clock: realClock,
      random: realRandom,
      disk,
      network: realNetwork,
      http: realHttp,
      databases: realDatabases(),
      threads: realThreads,
      logger,
    }
    return startBroker(world, loadSettings({ sets: [...sets], flags }), (sentence) => {
      throw new Error(sentence)
    })
  }
  const box = {
    broker: await start(0),
    folder: folder.path,
    logLines: logger.lines,
    get port() {
      return box.broker.address.port
    },
    connect: () => WireClient.connect(box.broker.address.port),
    restart: async (between?: () => void) => {
      const { port } = box
      await box.broker.stop()
      between?.()
      box.broker = await start(port)
    },
    remove: async () => {
      await box.broker.stop()
      folder.remove()
    },
  }
  return box
}
