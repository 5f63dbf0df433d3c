import {
  Background, BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, Handle, MiniMap, type Node, type NodeProps, Panel, Position, ReactFlow, ReactFlowProvider, useReactFlow, useStoreApi,
} from '@xyflow/react'
import { clsx } from 'clsx'
import { AlertTriangle, Maximize, Minus, MoveDown, Plus } from 'lucide-react'
import { createContext, memo, useContext, useEffect, useMemo, useRef } from 'react'
import type { StepFigures } from '../api/workflows'
import { compact } from '../lib/format'
import { type Gap, kindOf, type Step, type Trigger } from '../lib/workflow-draft'
import { layoutOf, lineThrough, type Point, sizes } from '../lib/workflow-layout'
import type { Plan, Spot } from '../lib/workflow-plan'
import { stepTitle, stepWords, triggerWords } from '../lib/workflow-words'
import { useSegmentNames } from './condition-words'
import { IconButton } from './ui'
import { KindIcon, TriggerIcon } from './workflow-kind'
import './workflow-graph.css'

export interface GraphProps {
  plan: Plan
  trigger: Trigger
  /** By the ids of steps; undefined: none are shown */
  figures?: Map<string, StepFigures> | undefined
  started?: number | undefined
  /** What is wrong, by the key of what it is about */
  problems: Map<string, number>
  selected: string
  select: (key: string) => void
  /** Puts a step into a gap; undefined: nothing can be changed */
  add?: ((gap: Gap, by: HTMLElement) => void) | undefined
  /** A step is being moved: gaps take it */
  moving?: boolean | undefined
}

type Data = { spot: Spot }
type Line = { points: Point[]; at: Point; label: string; gap: Gap | undefined; n: number; between: string }

/** What nodes and lines show that changes without their place: they are drawn anew only where it does. */
const Context = createContext<Omit<GraphProps, 'plan'>>({ trigger: {}, problems: new Map(), selected: '', select: () => {} })

const hidden = (
  <>
    <Handle type="target" position={Position.Top} isConnectable={false} />
    <Handle type="source" position={Position.Bottom} isConnectable={false} />
  </>
)

function Frame({ children, selected, wrong, className }: { children: React.ReactNode; selected: boolean; wrong: number; className?: string }) {
  return (
    <div className={clsx('flex h-full w-full flex-col justify-center gap-1 rounded-lg border bg-panel px-3 py-1.5 text-left shadow-xs', selected ? 'border-accent ring-2 ring-accent/40' : wrong > 0 ? 'border-bad' : 'border-line', className)}>
      {children}
      {hidden}
    </div>
  )
}

const Wrong = ({ n }: { n: number }) => (n > 0 ? <span className="ml-auto shrink-0 text-bad"><AlertTriangle aria-hidden className="size-4" /><span className="sr-only">{n === 1 ? 'one problem' : `${n} problems`}</span></span> : null)

const StepNode = memo(function StepNode({ data, id }: NodeProps<Node<Data>>) {
  const { figures, problems, selected } = useContext(Context)
  const segment = useSegmentNames()
  const step = data.spot.step ?? {}
  const wrong = problems.get(id) ?? 0
  return (
    <Frame selected={selected === id} wrong={wrong}>
      <span className="flex min-w-0 items-center gap-2">
        <KindIcon kind={kindOf(step)} />
        <span className="min-w-0 truncate text-[13px] font-medium">{stepTitle(step)}</span>
        <Wrong n={wrong} />
      </span>
      <span className="truncate text-xs text-soft" title={stepWords(step, segment)}>{stepWords(step, segment) || '\u00a0'}</span>
      {figures && <Counts of={figures.get(data.spot.id)} step={step} />}
    </Frame>
  )
})

/** Who entered, is there now, failed and was mailed. */
function Counts({ of, step }: { of: StepFigures | undefined; step: Step }) {
  return (
    <span className="numbers flex gap-2.5 border-t border-line pt-1 text-xs text-soft">
      <span title="Entered it">{compact(of?.entered ?? 0)} entered</span>
      {(of?.waiting ?? 0) > 0 && <span title="Are there now" className="text-info">{compact(of?.waiting ?? 0)} here</span>}
      {(of?.failed ?? 0) > 0 && <span title="Failed there and wait for a person" className="text-bad">{compact(of?.failed ?? 0)} failed</span>}
      {kindOf(step) === 'send' && <span title="Emails that were handed over" className="ml-auto text-accent">{compact(of?.sent ?? 0)} mailed</span>}
    </span>
  )
}

const TriggerNode = memo(function TriggerNode({ id }: NodeProps<Node<Data>>) {
  const { trigger, problems, selected, started } = useContext(Context)
  const segment = useSegmentNames()
  const wrong = problems.get(id) ?? 0
  return (
    <Frame selected={selected === id} wrong={wrong} className="border-dashed">
      <span className="flex min-w-0 items-center gap-2"><TriggerIcon trigger={trigger} /><span className="text-[13px] font-medium">Who enters</span><Wrong n={wrong} /></span>
      <span className="truncate text-xs text-soft" title={triggerWords(trigger, segment)}>{triggerWords(trigger, segment)}</span>
      {started !== undefined && <span className="numbers border-t border-line pt-1 text-xs text-soft">{compact(started)} {started === 1 ? 'run' : 'runs'} began</span>}
    </Frame>
  )
})

const JoinNode = () => <div className="size-2.5 rounded-full border border-soft bg-panel">{hidden}</div>
const EndNode = () => <div className="flex h-full w-full items-center justify-center rounded-full border border-line bg-raised text-xs text-soft">End{hidden}</div>

const LineEdge = memo(function LineEdge({ data, sourceX, sourceY, targetX, targetY, markerEnd }: EdgeProps<Edge<Line>>) {
  const { add, moving } = useContext(Context)
  if (!data) return null
  const { at, label, gap, points, between } = data
  return (
    <>
      <BaseEdge path={lineThrough({ x: sourceX, y: sourceY }, points, { x: targetX, y: targetY })} {...(markerEnd ? { markerEnd } : {})} />
      {(label !== '' || (add && gap)) && (
        <EdgeLabelRenderer>
          <span className="nodrag nopan pointer-events-auto absolute flex items-center gap-1 text-xs" style={{ transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y}px)` }}>
            {label !== '' && <span className="max-w-36 truncate rounded bg-page px-1 text-soft" title={label}>{label}</span>}
            {add && gap && (
              <button type="button" aria-label={moving ? `Move it here, ${between}` : `Add a step ${between}`} title={moving ? 'Move it here' : 'Add a step'} data-gap={`${gap.list}[${gap.index}]`}
                className={clsx('flex size-5 items-center justify-center rounded-full border bg-panel hover:border-accent hover:text-accent', moving ? 'border-accent text-accent' : 'border-line text-soft')}
                onClick={(e) => add(gap, e.currentTarget)}>
                {moving ? <MoveDown aria-hidden className="size-3" /> : <Plus aria-hidden className="size-3" />}
              </button>
            )}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  )
})

const nodeTypes = { trigger: TriggerNode, step: StepNode, join: JoinNode, end: EndNode }
const edgeTypes = { line: LineEdge }

/** From how many steps on only what is seen is drawn, and a map shows where one is. */
const many = 60

/** A workflow from top to bottom. Pans by dragging, and by the keys from one step to the next. */
export function WorkflowGraph(props: GraphProps) {
  return <ReactFlowProvider><Flow {...props} /></ReactFlowProvider>
}

function Flow({ plan, ...rest }: GraphProps) {
  const { figures, add, select, selected } = rest
  const segment = useSegmentNames()
  const frame = useRef<HTMLDivElement>(null)
  const drawn = useMemo(() => layoutOf(plan, { figures: figures !== undefined, writes: add !== undefined }), [plan, figures !== undefined, add !== undefined])
  const name = (s: Spot | undefined) => (!s || s.kind === 'end' ? 'the end' : s.kind === 'trigger' ? 'who enters' : s.step ? `${stepTitle(s.step)}: ${stepWords(s.step, segment)}` : `the ways of ${s.path}`)
  const size = (s: Spot) => (s.kind === 'join' ? sizes.join : s.kind === 'end' ? sizes.end : figures ? sizes.figures : sizes.step)
  const nodes = useMemo<Node<Data>[]>(() => plan.spots.map((spot) => {
    const chosen = spot.kind === 'step' || spot.kind === 'trigger'
    return {
      id: spot.key, type: spot.kind, data: { spot }, position: drawn.places.get(spot.key) ?? { x: 0, y: 0 }, ...size(spot), draggable: false, connectable: false, deletable: false,
      selectable: chosen, focusable: chosen, selected: spot.key === selected,
      ...(chosen ? { ariaRole: 'button' as const, domAttributes: { 'aria-pressed': spot.key === selected, 'data-path': spot.path } as object } : { domAttributes: { 'aria-hidden': true } as object }),
    }
  }), [plan, drawn, selected])
  const edges = useMemo<Edge<Line>[]>(() => {
    const byKey = new Map(plan.spots.map((s) => [s.key, s]))
    return plan.ways.map((w, n) => {
      const bend = drawn.bends.get(w.id)
      return {
        id: w.id, source: w.from, target: w.to, type: 'line', focusable: false, selectable: false, deletable: false, domAttributes: { 'aria-hidden': true } as object, ariaRole: 'presentation' as const,
        data: { points: bend?.points ?? [], at: bend?.label ?? { x: 0, y: 0 }, label: w.label, gap: w.gap, n, between: `between ${name(byKey.get(w.from))}${w.label ? ` (${w.label})` : ''} and ${name(byKey.get(w.to))}` },
      }
    })
  }, [plan, drawn])
  const large = plan.spots.length > many
  return (
    <Context.Provider value={rest}>
      <div ref={frame} role="group" aria-label="Graph of the workflow" className="workflow-graph min-h-96 overflow-hidden rounded-[7px] bg-page" style={{ height: `min(${Math.round(drawn.height * 0.9)}px, 82dvh)` }}
        // The focus of a button that is out of sight would scroll the frame away from what is drawn in it.
        onScrollCapture={(e) => { (e.target as HTMLElement).scrollTop = 0; (e.target as HTMLElement).scrollLeft = 0 }}>
        <ReactFlow nodes={nodes} edges={edges} nodeTypes={nodeTypes} edgeTypes={edgeTypes} nodesDraggable={false} nodesConnectable={false} edgesFocusable={false} elementsSelectable
          minZoom={0.1} maxZoom={1.5} zoomOnScroll={false} zoomOnDoubleClick={false} preventScrolling={false} panOnScroll={false} deleteKeyCode={null} multiSelectionKeyCode={null} selectionKeyCode={null}
          onlyRenderVisibleElements={large} proOptions={{ hideAttribution: true }} autoPanOnNodeFocus
          ariaLabelConfig={{ 'node.a11yDescription.default': 'Enter shows what is known of it.', 'node.a11yDescription.keyboardDisabled': 'Enter shows what is known of it.' }}
          onNodeClick={(_, n) => n.selectable && select(n.id)} onPaneClick={() => select('')}
          onKeyDown={(e) => {
            const node = (e.target as HTMLElement).closest<HTMLElement>('.react-flow__node')
            if (node && e.target === node && (e.key === 'Enter' || e.key === ' ')) {
              e.preventDefault()
              select(node.dataset['id'] ?? '')
            }
          }}>
          <Background gap={20} size={1} />
          <Zoom width={drawn.width} height={drawn.height} selected={selected} />
          {large && <MiniMap pannable zoomable ariaLabel="Map of the graph" />}
        </ReactFlow>
      </div>
    </Context.Provider>
  )
}

/** Smaller than this nothing is read. */
const least = 0.75

/** Shows the whole where it can be read so, else its beginning. What is chosen is brought into sight. */
function Zoom({ width, height, selected }: { width: number; height: number; selected: string }) {
  const flow = useReactFlow()
  const store = useStoreApi()
  const begun = useRef(false)
  useEffect(() => {
    if (begun.current) return
    const see = () => {
      const { width: w, height: h } = store.getState()
      if (w === 0 || h === 0) return false
      begun.current = true
      const zoom = Math.min(1, w / width, h / height)
      const shown = zoom >= least ? zoom : Math.min(0.9, Math.max(w / width, least))
      const start = flow.getNode('trigger')?.position.x ?? 0
      void flow.setViewport({ x: shown * width <= w ? (w - width * shown) / 2 : w / 2 - (start + sizes.step.width / 2) * shown, y: shown * height <= h ? (h - height * shown) / 2 : 8, zoom: shown })
      return true
    }
    if (see()) return
    return store.subscribe(() => { if (!begun.current) see() })
  })
  useEffect(() => {
    const node = selected ? flow.getNode(selected) : undefined
    if (!node || !begun.current) return
    const { width: w, height: h, transform: [x, y, zoom] } = store.getState()
    const [left, top] = [node.position.x * zoom + x, node.position.y * zoom + y]
    const [wide, high] = [(node.width ?? 0) * zoom, (node.height ?? 0) * zoom]
    if (left < 0 || top < 0 || left + wide > w || top + high > h) void flow.setCenter(node.position.x + (node.width ?? 0) / 2, node.position.y + (node.height ?? 0) / 2, { zoom })
  }, [selected, flow, store])
  return (
    <Panel position="bottom-left" className="m-2! flex overflow-hidden rounded-md border border-line bg-panel">
      <IconButton small label="Closer" onClick={() => void flow.zoomIn()}><Plus aria-hidden className="size-3.5" /></IconButton>
      <IconButton small label="Further away" onClick={() => void flow.zoomOut()}><Minus aria-hidden className="size-3.5" /></IconButton>
      <IconButton small label="All of it" onClick={() => void flow.fitView({ maxZoom: 1 })}><Maximize aria-hidden className="size-3.5" /></IconButton>
    </Panel>
  )
}
