import { getRouteApi } from '@tanstack/react-router'
import { TabPanel, Tabs } from '../components/tabs'
import { Heading } from '../components/ui'
import { WorkflowRuns } from '../components/workflow-runs'
import { WorkflowTrial } from '../components/workflow-trial'
import { WorkflowVersions } from '../components/workflow-versions'

const route = getRouteApi('/inside/workflows/$id')

const tabs = [['runs', 'Runs'], ['versions', 'Versions'], ['trial', 'Dry run']] as const

/** Holds the parts of the page of a workflow. */
export function WorkflowParts() {
  const { id } = route.useParams()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const at = tabs.find(([tab]) => tab === search.tab)?.[0] ?? 'runs'
  return (
    <>
      <Heading title={id} />
      <Tabs label="This workflow" tabs={tabs} at={at} choose={(tab) => void navigate({ search: { tab }, replace: true, resetScroll: false })} />
      <TabPanel at={at}>
        {at === 'runs' && <WorkflowRuns workflow={id} />}
        {at === 'versions' && <WorkflowVersions workflow={id} />}
        {at === 'trial' && <WorkflowTrial workflow={id} />}
      </TabPanel>
    </>
  )
}
