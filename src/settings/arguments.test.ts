import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { parseArguments, usage } from './arguments.ts'

test('every flag is read, with its value behind it or behind =', () => {
  deepEqual(
    parseArguments([
      ...['--data', '/d', '--host=::1', '--port', '0', '--advertised', 'h:1', '--config=f'],
      ...['--set', 'a=1', '--set=b=2=3', '--log-format', 'json'],
    ]),
    {
      flags: { data: '/d', host: '::1', port: 0, advertised: 'h:1', logFormat: 'json' },
      sets: ['a=1', 'b=2=3'],
      configFile: 'f',
      help: false,
      version: false,
    },
  )
})

test('no arguments are fine', () => {
  deepEqual(parseArguments([]), {
    flags: {},
    sets: [],
    configFile: undefined,
    help: false,
    version: false,
  })
})

test('of a flag given twice the last counts', () => {
  equal(parseArguments(['--port', '1', '--port', '2']).flags.port, 2)
})

test('help and version are asked for by flags', () => {
  ok(parseArguments(['--help']).help)
  ok(parseArguments(['-h']).help)
  ok(parseArguments(['--version']).version)
})

test('the usage names every flag', () => {
  for (const flag of ['data', 'host', 'port', 'advertised', 'config', 'set', 'log-format'])
    ok(usage.includes(`--${flag} `), flag)
})

const mistakes: [args: string[], message: string][] = [
  [['--prot', '1'], 'There is no option --prot: did you mean --port?'],
  [['--frobnicate'], 'There is no option --frobnicate: see --help.'],
  [['broker'], "'broker' is not understood: all arguments begin with --; see --help."],
  [['--port'], '--port needs a value.'],
  [['--data='], '--data needs a value.'],
  [['--port', '65536'], "--port must be a number from 0 to 65535, not '65536'."],
  [['--port', '9o92'], "--port must be a number from 0 to 65535, not '9o92'."],
  [['--log-format', 'xml'], "--log-format must be text or json, not 'xml'."],
]

for (const [args, message] of mistakes)
  test(`${args.join(' ')} is refused with advice`, () => {
    throws(() => parseArguments(args), { name: 'SettingsError', message })
  })
