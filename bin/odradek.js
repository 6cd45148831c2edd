#!/usr/bin/env node
// The compile cache goes first: without it stripping the types takes most of the start.
import './node-version.js'
import { existsSync } from 'node:fs'
import module from 'node:module'

module.enableCompileCache()
const compiled = new URL('../dist/main.js', import.meta.url)
const { main } = await import(existsSync(compiled) ? compiled.href : '../src/main.ts')
await main(process.argv.slice(2))
