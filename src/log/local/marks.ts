import type { Segment } from './segment.ts'

/** Batches that go to one place of one segment in one write. */
export interface Run {
  segment: Segment
  position: number
  chunks: Buffer[]
  size: number
  /** The offset after the last of them. */
  end: number
}

/** A place in the log at a batch's border: bytes before it and offsets before it belong together. */
export interface Mark {
  offset: number
  segment: Segment | undefined
  position: number
}
