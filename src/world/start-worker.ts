import module from 'node:module'
import { Worker } from 'node:worker_threads'

/**
 * Starts a thread with a file of this folder. It gets the compile cache before its code: without it a
 * thread strips types anew, which costs 10 MB and 40 ms.
 */
export const startWorker = (name: string, workerData?: unknown, youngMb = 2): Worker => {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const file = new URL(`./${name}.${extension}`, import.meta.url).href
  const code = `import module from 'node:module'
    module.enableCompileCache(${JSON.stringify(module.getCompileCacheDir())})
    await import(${JSON.stringify(file)})`
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    execArgv: [],
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: youngMb },
  })
}
