import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { loadSettings, type Settings } from './load.ts'

test('without anything given the broker listens on loopback and says nothing', () => {
  const settings = load({})
  deepEqual(settings.listener, { host: '127.0.0.1', port: 9092 })
  deepEqual(settings.advertised, { host: '127.0.0.1', port: 9092 })
  equal(settings.folder, './odradek-data')
  equal(settings.logFormat, 'text')
  equal(settings.broker['node.id'], 1)
  equal(settings.broker['socket.request.max.bytes'], 104_857_600)
  deepEqual(settings.notices, [])
  equal(settings.origins.size, 0)
})

test('a flag wins over --set, that over the file, that over the default, and the last over the first', () => {
  const text = 'num.partitions=2\nnum.partitions=3\nlog.dirs=/file\nmin.insync.replicas=2'
  const sets = ['num.partitions=4', 'num.partitions=5', 'log.dirs=/set']
  equal(load({ text }).broker['num.partitions'], 3)
  equal(load({ text, sets }).broker['num.partitions'], 5)
  equal(load({ text, sets }).broker['min.insync.replicas'], 2)
  equal(load({ text }).folder, '/file')
  equal(load({ text, sets }).folder, '/set')
  const settings = load({ text, sets, flags: { data: '/flag' } })
  equal(settings.folder, '/flag')
  deepEqual(settings.broker['log.dirs'], ['/flag'])
  deepEqual(settings.origins.get('log.dirs'), { from: 'flag', place: '--data', text: '/flag' })
  equal(settings.origins.get('num.partitions')?.from, 'set')
  equal(settings.origins.get('min.insync.replicas')?.place, 'server.properties, line 4')
})

test('flags change host and port each for itself', () => {
  const sets = ['listeners=PLAINTEXT://127.0.0.2:1000']
  deepEqual(load({ sets, flags: { port: 0 } }).listener, { host: '127.0.0.2', port: 0 })
  deepEqual(load({ sets, flags: { host: '::1' } }).listener, { host: '::1', port: 1000 })
  deepEqual(load({ flags: { host: '::1' } }).broker.listeners, ['PLAINTEXT://[::1]:9092'])
})

test('the server.properties that Kafka brings along is understood', () => {
  const settings = load({
    text: [
      'process.roles=broker,controller',
      'node.id=7',
      'controller.quorum.bootstrap.servers=localhost:9093',
      'listeners=PLAINTEXT://:9092,CONTROLLER://:9093',
      'inter.broker.listener.name=PLAINTEXT',
      'advertised.listeners=PLAINTEXT://broker.example:9092,CONTROLLER://broker.example:9093',
      'controller.listener.names=CONTROLLER',
      'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL',
      'log.dirs=/tmp/kraft-combined-logs',
    ].join('\n'),
  })
  deepEqual(settings.listener, { host: '0.0.0.0', port: 9092 })
  deepEqual(settings.advertised, { host: 'broker.example', port: 9092 })
  equal(settings.broker['node.id'], 7)
  deepEqual(
    settings.notices.map(({ level }) => level),
    ['info', 'info', 'info', 'warn'],
  )
})

test('a listener may have any name that stands for PLAINTEXT', () => {
  const sets = ['listeners=inside://127.0.0.1:1', 'listener.security.protocol.map=INSIDE:PLAINTEXT']
  deepEqual(load({ sets }).listener, { host: '127.0.0.1', port: 1 })
})

test('a Kafka setting that does nothing here is an info, one that does is none', () => {
  deepEqual(load({ sets: ['num.io.threads=4', 'num.partitions=2'] }).notices, [
    { level: 'info', sentence: 'The setting num.io.threads (--set) has no meaning here yet.' },
  ])
})

const warnings: [set: string, sentence: string][] = [
  [
    'num.partitons=4',
    'There is no setting num.partitons (--set), so it is ignored: did you mean num.partitions?',
  ],
  ['zookeeper.connect=x', 'There is no setting zookeeper.connect (--set), so it is ignored.'],
  [
    'retention.ms=1',
    'retention.ms (--set) is a setting of topics, not of the broker, and is ignored.',
  ],
  [`${'x'.repeat(5000)}=1`, `There is no setting ${'x'.repeat(5000)} (--set), so it is ignored.`],
]

for (const [set, sentence] of warnings)
  test(`--set ${set.slice(0, 40)} is a warning`, () => {
    deepEqual(load({ sets: [set] }).notices, [{ level: 'warn', sentence }])
  })

test('listening beyond this machine is warned of', () => {
  const [notice] = load({ flags: { host: '0.0.0.0', advertised: '10.0.0.7:9092' } }).notices
  equal(notice?.level, 'warn')
  ok(notice?.sentence.includes('no authentication'))
})

test('metrics are served where the setting says, and beyond this machine with a warning', () => {
  const at = (text: string): Settings => load({ sets: [`odradek.metrics.listener=${text}`] })
  equal(at('').metrics, undefined)
  deepEqual(at('127.0.0.1:9404').metrics, { host: '127.0.0.1', port: 9404 })
  deepEqual(at('[::1]:0').metrics, { host: '::1', port: 0 })
  deepEqual(at('127.0.0.1:9404').notices, [])
  deepEqual(at(':9404').metrics, { host: '0.0.0.0', port: 9404 })
  match(at(':9404').notices[0]!.sentence, /^Metrics are served on 0\.0\.0\.0 without/)
})

test('-1 for the memory of requests is 512 MiB, or one request if that is larger', () => {
  equal(load({}).broker['queued.max.request.bytes'], 536_870_912)
  equal(
    load({ sets: ['socket.request.max.bytes=1000000000'] }).broker['queued.max.request.bytes'],
    1_000_000_000,
  )
})

test('node.id and broker.id are one thing', () => {
  equal(load({ sets: ['broker.id=5'] }).broker['node.id'], 5)
  equal(load({ sets: ['broker.id=5', 'node.id=5'] }).broker['node.id'], 5)
  equal(load({ sets: ['node.id=0'] }).broker['node.id'], 0)
})

test('log.dirs wins over log.dir and says so', () => {
  const settings = load({ sets: ['log.dirs=/a', 'log.dir=/b'] })
  equal(settings.folder, '/a')
  equal(settings.notices[0]?.sentence, 'log.dir is ignored, since log.dirs is given as well.')
  equal(load({ sets: ['log.dir=/b'] }).folder, '/b')
})

const mistakes: [given: Partial<Given>, message: RegExp][] = [
  [
    { text: '\nnum.partitions=many' },
    /^num\.partitions \(server\.properties, line 2\) must be an int of at least 1, not 'many'\.$/,
  ],
  [
    { sets: ['num.partitions=0'] },
    /^num\.partitions \(--set\) must be an int of at least 1, not '0'/,
  ],
  [
    { sets: ['compression.type=brotli'] },
    /must be uncompressed, zstd, lz4, snappy, gzip or producer/,
  ],
  [{ sets: ['auto.create.topics.enable=1'] }, /must be true or false, not '1'/],
  [{ sets: ['odradek.flush=never'] }, /must be disk or os/],
  [{ sets: ['num.partitions'] }, /^--set must have the form key=value/],
  [{ sets: ['log.dirs=/a,/b'] }, /^log\.dirs must name exactly one folder, not 2/],
  [{ sets: ['log.dirs='] }, /^log\.dirs must name exactly one folder, not 0/],
  [{ sets: ['node.id=1', 'broker.id=2'] }, /give only one of them/],
  [{ sets: ['listeners='] }, /^listeners must name exactly one listener.*not 0/],
  [{ sets: ['listeners=PLAINTEXT://a:1,PLAINTEXT://b:2'] }, /exactly one listener.*not 2/],
  [{ sets: ['listeners=SSL://127.0.0.1:1'] }, /has the protocol SSL, and only PLAINTEXT is served/],
  [{ sets: ['listeners=HOME://127.0.0.1:1'] }, /'HOME' of listeners needs a protocol/],
  [{ sets: ['listeners=127.0.0.1:9092'] }, /which is no listener: write it like PLAINTEXT:\/\//],
  [{ sets: ['listeners=PLAINTEXT://a:70000'] }, /which is no listener/],
  [{ flags: { host: '0.0.0.0' } }, /add --advertised HOST:PORT/],
  [{ sets: ['listeners=PLAINTEXT://:9092'] }, /add --advertised HOST:PORT/],
  [{ flags: { advertised: 'nowhere' } }, /^--advertised must be a host and a port.*not 'nowhere'/],
  [{ flags: { advertised: '0.0.0.0:1' } }, /^--advertised must be a host and a port/],
  [
    { sets: ['advertised.listeners=PLAINTEXT://0.0.0.0:1'] },
    /^advertised\.listeners must name a host/,
  ],
  [{ sets: ['queued.max.request.bytes=5'] }, /must be at least socket\.request\.max\.bytes/],
  [
    { sets: ['group.consumer.heartbeat.interval.ms=1000'] },
    /^group\.consumer\.min\.heartbeat\.interval\.ms is 5000 and must not be more than group/,
  ],
  [
    { sets: ['group.consumer.session.timeout.ms=70000'] },
    /must not be more than group\.consumer\.max\.session\.timeout\.ms, which is 60000/,
  ],
  [
    { sets: ['group.max.session.timeout.ms=5000'] },
    /^group\.min\.session\.timeout\.ms is 6000 and must not be more/,
  ],
  [{ sets: ['odradek.metrics.listener=9404'] }, /must be an address and a port, like 127/],
  [{ sets: ['odradek.metrics.listener=a:70000'] }, /not 'a:70000'/],
  [{ sets: ['max.connections.per.ip.overrides=10.0.0.7'] }, /write each as address:count/],
]

for (const [given, message] of mistakes)
  test(`${JSON.stringify(given)} is refused`, () => {
    throws(() => load(given), { name: 'SettingsError', message })
  })

interface Given {
  text: string
  sets: string[]
  flags: Parameters<typeof loadSettings>[0]['flags']
}

const load = ({ text, sets = [], flags = {} }: Partial<Given>): Settings =>
  loadSettings({
    file: text === undefined ? undefined : { name: 'server.properties', text },
    sets,
    flags,
  })
