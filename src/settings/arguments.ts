import { nearest } from './nearest.ts'
import { SettingsError } from './settings-error.ts'

/** What flags of the command line say; each wins over the setting it stands for. */
export interface Flags {
  /** `log.dirs` */
  data?: string
  /** The host of `listeners`. */
  host?: string
  /** The port of `listeners`; 0 is any that is free. */
  port?: number
  /** `advertised.listeners`, as host:port. */
  advertised?: string
  logFormat?: 'text' | 'json'
}

/** A command line as it was read; nothing is checked yet but its form. */
export interface Arguments {
  flags: Flags
  /** Each `--set`, as key=value. */
  sets: string[]
  configFile: string | undefined
  help: boolean
  version: boolean
}

/** What `--help` prints. */
export const usage = `Usage: odradek [options]                  starts a broker
       odradek log verify [--data DIR]    checks the files of a stopped one
       odradek log repair [--data DIR]    cuts out what is damaged there
       odradek import kafka --from FOLDER [--data DIR] [--abort-open]
                                          takes over the topics of a stopped Kafka
       odradek export kafka --to FOLDER [--data DIR]
                                          puts the records of a stopped one into a stopped Kafka

  --data DIR              the data folder                          (./odradek-data)
  --host H                the address to listen on                 (127.0.0.1)
  --port N                the port to listen on, 0 for any         (9092)
  --advertised HOST:PORT  where clients are told to connect        (as --host and --port)
  --config FILE           settings in the form of Kafka's server.properties
  --set key=value         one setting by Kafka's name; may be given often
  --log-format text|json  the form of the log on stderr            (text)
  --help                  this
  --version               the version

Flags win over --set, that over the file, that over the defaults.
`

/** Reads a command line without the names of node and script; throws a `SettingsError`. */
export const parseArguments = (args: readonly string[]): Arguments => {
  const parsed: Arguments = {
    flags: {},
    sets: [],
    configFile: undefined,
    help: false,
    version: false,
  }
  for (let index = 0; index < args.length; index += 1) {
    const [, name, attached] = /^([^=]*)(?:=(.*))?$/s.exec(args[index]!)!
    if (name === '--help' || name === '-h') parsed.help = true
    else if (name === '--version') parsed.version = true
    else {
      const read = readers.get(name!)
      if (!read) throw unknown(name!)
      if (attached === undefined) index += 1
      const value = attached ?? args[index]
      if (value === undefined || value === '') throw new SettingsError(`${name} needs a value.`)
      read(parsed, value)
    }
  }
  return parsed
}

type Take = (parsed: Arguments, value: string) => void

const flag =
  (read: (value: string) => Flags): Take =>
  (parsed, value) => {
    Object.assign(parsed.flags, read(value))
  }

const readers: ReadonlyMap<string, Take> = new Map([
  ['--data', flag((data) => ({ data }))],
  ['--host', flag((host) => ({ host }))],
  ['--port', flag((value) => ({ port: portOf(value) }))],
  ['--advertised', flag((advertised) => ({ advertised }))],
  ['--log-format', flag((value) => ({ logFormat: logFormatOf(value) }))],
  [
    '--config',
    (parsed, value) => {
      parsed.configFile = value
    },
  ],
  [
    '--set',
    (parsed, value) => {
      parsed.sets.push(value)
    },
  ],
])

const portOf = (value: string): number => {
  const port = Number(value)
  if (!/^\d{1,5}$/.test(value) || port > 65_535)
    throw new SettingsError(`--port must be a number from 0 to 65535, not '${value}'.`)
  return port
}

const logFormatOf = (value: string): 'text' | 'json' => {
  if (value !== 'text' && value !== 'json')
    throw new SettingsError(`--log-format must be text or json, not '${value}'.`)
  return value
}

const unknown = (name: string): SettingsError => {
  if (!name.startsWith('-'))
    return new SettingsError(
      `'${name}' is not understood: all arguments begin with --; see --help.`,
    )
  const meant = nearest(name, [...readers.keys(), '--help', '--version'])
  const advice = meant === undefined ? 'see --help.' : `did you mean ${meant}?`
  return new SettingsError(`There is no option ${name}: ${advice}`)
}
