import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { event } from '../api/queries'
import { JSONView } from '../components/bits'
import { EventDispatches } from '../components/dispatch'
import { EventFacts, EventName } from '../components/event'
import { Asked, Raw } from '../components/event-panel'
import { Card, Heading, Loading, Problem } from '../components/ui'

const route = getRouteApi('/inside/events/$id')

export function EventPage() {
  const { id } = route.useParams()
  const answer = useQuery(event(id))
  if (answer.error) {
    return (
      <>
        <Heading title="Event" about="Events are kept for a time; what became of their message stays." />
        <Problem error={answer.error} retry={() => void answer.refetch()} />
        <Link to="/events" className="self-start text-sm text-accent hover:underline">All events</Link>
      </>
    )
  }
  if (!answer.data) return <Loading />
  const e = answer.data
  return (
    <>
      <Heading title={<span className="flex items-center gap-3"><EventName name={e.name} /> {e.recipient}</span>} />
      <Card title="What is known"><EventFacts event={e} /></Card>
      <EventDispatches id={e.id} />
      <div className="grid grid-cols-1 gap-5 xl:grid-cols-2">
        <Card title="As the API tells it"><Asked says="Show the JSON"><JSONView value={e} /></Asked></Card>
        <Card title="As it came in"><Raw of={e} /></Card>
      </div>
    </>
  )
}
