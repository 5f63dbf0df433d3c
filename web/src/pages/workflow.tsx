import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Copy as CopyIcon, FileDown, Pencil, Power, Trash2, Waypoints } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Refusal } from '../api/client'
import { useDeleteWorkflow, useDuplicateWorkflow, useEnableWorkflow, workflow, workflowDiagram, type WorkflowDetails } from '../api/workflows'
import { Code, Mono, Time } from '../components/bits'
import { More } from '../components/menu'
import { Confirm, Dialog } from '../components/overlay'
import { TabPanel, Tabs } from '../components/tabs'
import { tell } from '../components/toast'
import { Badge, Button, Card, Empty, Heading, Loading, Problem, linked } from '../components/ui'
import { WorkflowRuns } from '../components/workflow-runs'
import { WorkflowState } from '../components/workflow-state'
import { WorkflowTrial } from '../components/workflow-trial'
import { WorkflowVersions } from '../components/workflow-versions'
import { WorkflowView } from '../components/workflow-view'
import { count, sentence } from '../lib/format'
import { save } from '../lib/download'

const route = getRouteApi('/inside/workflows/$id')

/** The parts of the page of a workflow, in their order; the first is what one sees first. */
const parts: { id: string; label: string; page: (w: WorkflowDetails) => ReactNode }[] = [
  { id: 'graph', label: 'Graph', page: (w) => <Graph workflow={w} /> },
  { id: 'runs', label: 'Runs', page: (w) => <WorkflowRuns workflow={w.key} /> },
  { id: 'versions', label: 'Versions', page: (w) => <WorkflowVersions workflow={w.key} /> },
  { id: 'trial', label: 'Dry run', page: (w) => <WorkflowTrial workflow={w.key} /> },
  { id: 'text', label: 'Definition', page: (w) => <Definition workflow={w} /> },
]

export function WorkflowPage() {
  const { id } = route.useParams()
  const answer = useQuery({ ...workflow(id), refetchInterval: 15_000 })
  if (answer.error && !answer.data) {
    return answer.error instanceof Refusal && answer.error.status === 404 ? (
      <>
        <Heading title={id} />
        <Card><Empty icon={<Waypoints />} title="There is no such workflow" action={<Link to="/workflows" className="text-accent hover:underline">Look at the workflows</Link>}>It was deleted, or its key was changed.</Empty></Card>
      </>
    ) : <><Heading title={id} /><Problem error={answer.error} retry={() => void answer.refetch()} /></>
  }
  return answer.data ? <Page workflow={answer.data} /> : <Loading />
}

function Page({ workflow: w }: { workflow: WorkflowDetails }) {
  const { tab } = route.useSearch()
  const navigate = route.useNavigate()
  const [open, setOpen] = useState<'off' | 'delete' | 'diagram'>()
  const enable = useEnableWorkflow()
  const copy = useDuplicateWorkflow(w.id)
  const drop = useDeleteWorkflow(w.id)
  const at = parts.find((p) => p.id === tab) ?? parts[0]!
  const turn = async (on: boolean) => {
    await enable.mutateAsync({ id: w.id, on })
    tell(on ? `Contacts enter ${w.name} from now on.` : `Nobody enters ${w.name} any more.`)
  }
  return (
    <>
      <Heading title={w.name} about={<><Mono>{w.key}</Mono> · version {w.version} · changed <Time at={w.updatedAt} form="ago" />{w.nextAt && w.enabled && <> · next <Time at={w.nextAt} form="short" /></>}{w.description && <> · {w.description}</>}</>}>
        <WorkflowState on={w.enabled} />
        {w.transactional && <Badge tone="info" title="It goes on for those who unsubscribe">Transactional</Badge>}
        {w.origin === 'files' && <Badge tone="violet" title="A folder that was applied has it">Files</Badge>}
        <Button busy={enable.isPending} onClick={() => (w.enabled ? setOpen('off') : void turn(true).catch(() => undefined))}><Power aria-hidden className="size-3.5" /> {w.enabled ? 'Switch off' : 'Switch on'}</Button>
        <Link to="/workflows/$id/edit" params={{ id: w.id }} className={linked}><Pencil aria-hidden className="size-3.5" /> Edit</Link>
        <More label="More about this workflow" items={[
          { label: 'Make a copy', icon: <CopyIcon aria-hidden />, act: () => copy.mutate(undefined, { onSuccess: (made) => { tell(`${made.name} is made; nobody enters it yet.`); void navigate({ to: '/workflows/$id', params: { id: made.id } }) } }) },
          { label: 'Save as a file', icon: <FileDown aria-hidden />, act: () => save([w.text], 'application/yaml', `${w.key}.yaml`) },
          { label: 'A drawing for Mermaid…', icon: <Waypoints aria-hidden />, act: () => setOpen('diagram') },
          { label: 'Delete…', icon: <Trash2 aria-hidden />, danger: true, apart: true, act: () => setOpen('delete') },
        ]} />
      </Heading>
      {w.origin === 'files' && (
        <p className="rounded-lg border border-info/40 bg-info/5 px-4 py-3 text-sm">A folder that was applied has this workflow. What is changed here holds until the next <Mono>tidings apply</Mono>, which brings it back as the folder has it: change it there. Whether it is on stays.</p>
      )}
      {w.problems.length > 0 && (
        <div role="alert" className="rounded-lg border border-bad/40 bg-bad/5 px-4 py-3 text-sm">
          <p className="font-medium">It can’t do all it should.</p>
          <ul>{w.problems.map((p, i) => <li key={i} className="wrap-anywhere"><Mono>{p.at}</Mono> <span className="text-soft">{sentence(p.message)}</span></li>)}</ul>
        </div>
      )}
      {enable.error && open === undefined && <Problem error={enable.error} />}
      {copy.error && <Problem error={copy.error} />}
      <Tabs label="The workflow" at={at.id} tabs={parts.map((p) => [p.id, p.label] as const)} choose={(to) => void navigate({ search: to === parts[0]?.id ? {} : { tab: to }, replace: true })} />
      <TabPanel at={at.id}>{at.page(w)}</TabPanel>
      <Confirm open={open === 'off'} close={() => setOpen(undefined)} title={`Switch ${w.name} off?`} verb="Switch it off" act={() => turn(false)}>
        <p>Nobody enters any more, and what comes meanwhile is not made up for. {w.openExecutions > 0 ? <>{count(w.openExecutions)} {w.openExecutions === 1 ? 'run goes' : 'runs go'} on to the end.</> : 'No run goes on.'}</p>
      </Confirm>
      <Confirm open={open === 'delete'} close={() => setOpen(undefined)} title={`Delete ${w.name}?`} verb="Delete it" danger
        act={async () => {
          await drop.mutateAsync()
          tell(`${w.name} is deleted.`)
          await navigate({ to: '/workflows' })
        }}>
        <p>Its versions and all its runs go with it{w.openExecutions > 0 && <>: {count(w.openExecutions)} {w.openExecutions === 1 ? 'contact is' : 'contacts are'} in it, and {w.openExecutions === 1 ? 'gets' : 'get'} nothing more of it</>}. What it sent is sent.</p>
        {w.origin === 'files' && <p>A folder has it: the next <Mono>tidings apply</Mono> makes it again, unless it is taken out there.</p>}
      </Confirm>
      <Diagram id={w.id} open={open === 'diagram'} close={() => setOpen(undefined)} />
    </>
  )
}

function Graph({ workflow: w }: { workflow: WorkflowDetails }) {
  const { step, view, of } = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <WorkflowView workflow={w} step={step} view={view} of={of}
      go={(to) => void navigate({ search: (s) => Object.fromEntries(Object.entries({ ...s, ...to }).filter(([, v]) => v !== undefined)), replace: true })} />
  )
}

const Definition = ({ workflow: w }: { workflow: WorkflowDetails }) => (
  <Card title="As it may stand in a file" action={<span className="text-xs text-soft">YAML of version {w.version}</span>}><Code text={w.text.trimEnd()} /></Card>
)

function Diagram({ id, open, close }: { id: string; open: boolean; close: () => void }) {
  const drawing = useQuery({ ...workflowDiagram(id), enabled: open })
  return (
    <Dialog open={open} close={close} wide title="A drawing for Mermaid" about="For wikis and pull requests: put it into a block of the language mermaid.">
      {drawing.error ? <Problem error={drawing.error} retry={() => void drawing.refetch()} /> : drawing.data ? <Code text={drawing.data.mermaid} /> : <Loading lines={4} />}
    </Dialog>
  )
}
