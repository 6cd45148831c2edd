import type { Spread } from '../figures.ts'

/** A ratio to the control, with the one that is asked for. */
export interface Bar {
  label: string
  ratio: Spread
  floor: number
}

const width = 900
const labelWidth = 400
const rowHeight = 22
const headHeight = 60
/** Ratios beyond these are drawn at the edge. */
const [least, most] = [1 / 1000, 100]

/** A picture in SVG: a bar for each ratio on a logarithmic axis, from 1 to the median. */
export const plot = (title: string, bars: readonly Bar[]): string => {
  const height = headHeight + bars.length * rowHeight + 10
  const ticks = [0.001, 0.01, 0.1, 1, 10, 100]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="10" y="20" font-size="15">${escaped(title)}</text>`,
    ...ticks.flatMap((tick) => [
      `<line x1="${place(tick)}" x2="${place(tick)}" y1="${headHeight - 10}" y2="${height}" stroke="${tick === 1 ? '#333' : '#ddd'}"/>`,
      `<text x="${place(tick)}" y="${headHeight - 15}" text-anchor="middle">${tick}</text>`,
    ]),
    ...bars.flatMap((bar, index) => drawn(bar, headHeight + index * rowHeight)),
    '</svg>\n',
  ].join('\n')
}

const drawn = ({ label, ratio, floor }: Bar, top: number): string[] => {
  const [from, to] = [place(1), place(ratio.median)]
  const middle = top + rowHeight / 2
  return [
    `<text x="${labelWidth - 10}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>`,
    `<rect x="${Math.min(from, to)}" y="${top + 4}" width="${Math.abs(to - from)}" height="${rowHeight - 8}" fill="#4a7ebb"/>`,
    `<line x1="${place(ratio.min)}" x2="${place(ratio.max)}" y1="${middle}" y2="${middle}" stroke="black"/>`,
    `<line x1="${place(floor)}" x2="${place(floor)}" y1="${top + 2}" y2="${top + rowHeight - 2}" stroke="#c0392b" stroke-width="2"/>`,
  ]
}

const place = (ratio: number): number => {
  const bounded = Math.min(most, Math.max(least, ratio))
  const share = Math.log(bounded / least) / Math.log(most / least)
  return Math.round(labelWidth + share * (width - labelWidth - 30))
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
