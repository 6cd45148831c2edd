// Runs a TypeScript file of this repository on Node 26, whatever Node npm itself runs on.
//   node bin/run.js tools/check.ts [arguments…]
// `npm run` puts node_modules/.bin first on the PATH, where the platform package has placed Node 26.
import './node-version.js'
import { pathToFileURL } from 'node:url'

const [file] = process.argv.splice(2, 1)
await import(pathToFileURL(file).href)
