#!/usr/bin/env node
// The compile cache goes first: without it stripping the types takes most of the start.
import './node-version.js'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { setFlagsFromString } from 'node:v8'

module.enableCompileCache()
// Else V8 marks its whole heap for every 64 MB of buffers that went through, be the heap ever so small.
setFlagsFromString('--external-memory-accounted-in-global-limit')
// In the repository TypeScript runs as it is; what is published has been compiled beside this folder.
const source = new URL('../src/main.ts', import.meta.url)
const { main } = await import(existsSync(source) ? source.href : '../main.js')
await main(process.argv.slice(2))
