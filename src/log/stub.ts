import { kafkaError } from '#model'
import type { Clock, Disk, Logger, Random } from '#world'
import type * as E from './engine.ts'
type P = E.OpenPartition & { batches: { base: number; last: number; bytes: Buffer }[]; end: number }
export class LocalLog implements E.LogEngine {
  parts = new Map<string, P>()
  listener: (m: readonly E.Movement[]) => void = () => undefined
  clock: Clock
  constructor(_d: Disk, clock: Clock, _r: Random, _l: Logger, _s: object) { this.clock = clock }
  k = (i: E.PartitionId) => `${i.topicId}-${i.partition}`
  async open(ps: readonly E.OpenPartition[]) { for (const p of ps) this.parts.set(this.k(p), { ...p, batches: [], end: 0 }); return { producerIdMax: -1 } }
  async append(as: readonly E.Append[]) {
    return as.map((a): E.AppendOutcome => {
      const p = this.parts.get(this.k(a))
      if (!p || !a.records) return { error: kafkaError('UNKNOWN_TOPIC_OR_PARTITION'), logStart: -1, recordFaults: [] }
      const bytes = Buffer.from(a.records)
      const base = p.end
      bytes.writeBigInt64BE(BigInt(base), 0); bytes.writeInt32BE(p.leaderEpoch, 12)
      p.end += bytes.readInt32BE(23) + 1
      p.batches.push({ base, last: p.end - 1, bytes })
      this.clock.endOfTurn(() => this.listener([{ topicId: a.topicId, partition: a.partition, readableBytes: bytes.length, disturbed: false }]))
      return { error: undefined, baseOffset: base, logAppendTimeMs: -1, logStart: 0 }
    })
  }
  async read(rs: readonly E.Read[]) {
    return rs.map((r): E.ReadOutcome => {
      const p = this.parts.get(this.k(r))
      const none = { records: [], recordsSize: 0, highWatermark: p?.end ?? -1, lastStable: p?.end ?? -1, logStart: p ? 0 : -1, aborted: null }
      if (!p) return { ...none, error: kafkaError('UNKNOWN_TOPIC_OR_PARTITION') }
      if (r.offset < 0 || r.offset > p.end) return { ...none, error: kafkaError('OFFSET_OUT_OF_RANGE') }
      const out: Buffer[] = []; let size = 0
      for (const b of p.batches) if (b.last >= r.offset) { if (size && size + b.bytes.length > r.bytesMax) break; out.push(b.bytes); size += b.bytes.length }
      return { ...none, error: undefined, records: out, recordsSize: size }
    })
  }
  bounds(i: E.PartitionId) { const p = this.parts.get(this.k(i)); return p && { logStart: 0, highWatermark: p.end, lastStable: p.end, end: p.end, durableEnd: p.end, leaderEpoch: p.leaderEpoch, offline: undefined } }
  readableBytes(i: E.PartitionId, o: number) { const p = this.parts.get(this.k(i)); return p ? p.batches.reduce((s, b) => s + (b.last >= o ? b.bytes.length : 0), 0) : 0 }
  onMovement(l: (m: readonly E.Movement[]) => void) { this.listener = l }
  async firstSince() { return undefined }
  async newest() { return undefined }
  epochEnd(i: E.PartitionId) { return { leaderEpoch: 0, endOffset: this.parts.get(this.k(i))?.end ?? -1 } }
  epochOf() { return 0 }
  producers() { return [] }
  size() { return 0 }
  configure() {}
  async drop(is: readonly E.PartitionId[]) { for (const i of is) this.parts.delete(this.k(i)) }
  async close() {}
}
