import { Graph, layout } from '@dagrejs/dagre'
import type { Plan } from './workflow-plan'

export interface Point {
  x: number
  y: number
}

/** Where everything is drawn: the top left corners of what stands, and the bends of the ways, in pixels. */
export interface Layout {
  places: Map<string, Point>
  bends: Map<string, { points: Point[]; label: Point }>
  width: number
  height: number
}

export interface Size {
  width: number
  height: number
}

export const sizes = { step: { width: 240, height: 58 }, figures: { width: 240, height: 86 }, join: { width: 10, height: 10 }, end: { width: 64, height: 28 } } satisfies Record<string, Size>

/** Draws from top to bottom. room says whether steps have figures on them; writes whether steps can be put between. */
export function layoutOf(plan: Plan, { figures, writes }: { figures: boolean; writes: boolean }): Layout {
  const g = new Graph({ multigraph: true })
  g.setGraph({ rankdir: 'TB', nodesep: 36, ranksep: writes ? 26 : 22, edgesep: 24, marginx: 16, marginy: 16 })
  g.setDefaultEdgeLabel(() => ({}))
  // The library puts what comes last to the left: the first way stands there by this order.
  for (const s of plan.spots.toReversed()) g.setNode(s.key, { ...(s.kind === 'join' ? sizes.join : s.kind === 'end' ? sizes.end : figures ? sizes.figures : sizes.step) })
  for (const w of plan.ways.toReversed()) {
    g.setEdge(w.from, w.to, { width: Math.min(160, w.label.length * 6.6) + (writes ? 30 : 8), height: w.label || writes ? 24 : 4, labelpos: 'c' }, w.id)
  }
  layout(g)
  const places = new Map<string, Point>()
  for (const s of plan.spots) {
    const n = g.node(s.key) as Size & Point
    places.set(s.key, { x: n.x - n.width / 2, y: n.y - n.height / 2 })
  }
  const bends = new Map<string, { points: Point[]; label: Point }>()
  for (const w of plan.ways) {
    const e = g.edge(w.from, w.to, w.id) as { points: Point[]; x?: number; y?: number }
    const middle = e.points[Math.floor(e.points.length / 2)] ?? { x: 0, y: 0 }
    bends.set(w.id, { points: e.points, label: { x: e.x ?? middle.x, y: e.y ?? middle.y } })
  }
  const whole = g.graph() as Partial<Size>
  return { places, bends, width: whole.width ?? 0, height: whole.height ?? 0 }
}

/** A line through bends that leaves and arrives upright. */
export function lineThrough(from: Point, bends: Point[], to: Point): string {
  // The first and the last are on the frames of what it leads from and to.
  const points = [from, ...bends.slice(1, -1), to]
  return points.reduce((path, p, i) => {
    const before = points[i - 1]
    if (!before) return `M ${p.x} ${p.y}`
    const half = (before.y + p.y) / 2
    return `${path} C ${before.x} ${half} ${p.x} ${half} ${p.x} ${p.y}`
  }, '')
}
