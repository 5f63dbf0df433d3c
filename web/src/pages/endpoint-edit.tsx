import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useBlocker } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { type Endpoint, endpoint, useChangeEndpoint, useCreateEndpoint } from '../api/endpoints'
import { EndpointFields, otherOfEndpoint } from '../components/endpoint-form'
import { SecretOnce } from '../components/endpoint-secret'
import { Confirm } from '../components/overlay'
import { tell } from '../components/toast'
import { Button, Card, Heading, linked, Loading, Problem } from '../components/ui'
import { changeOf, draftOf, type EndpointDraft, twice, wishOf } from '../lib/endpoint-draft'

const newRoute = getRouteApi('/inside/endpoints/new')
const editRoute = getRouteApi('/inside/endpoints/$id/edit')

/** Makes an endpoint. Its secret is shown once, here. */
export function NewEndpoint() {
  const navigate = newRoute.useNavigate()
  const [draft, setDraft] = useState(() => draftOf(undefined))
  const create = useCreateEndpoint()
  const made = create.data
  const dirty = JSON.stringify(draft) !== JSON.stringify(draftOf(undefined))
  if (made) {
    return (
      <>
        <Heading title={`${made.name} is made`} about="What is stored from now on goes there." />
        <Card className="max-w-3xl">
          <div className="flex flex-col gap-4">
            {made.secret && <SecretOnce name={made.name} secret={made.secret} />}
            <p className="text-sm text-soft">Next: send a test event from its page, and see what your receiver answers.</p>
            <Button kind="main" className="self-end" onClick={() => void navigate({ to: '/endpoints/$id', params: { id: made.id } })}>I have copied it</Button>
          </div>
        </Card>
      </>
    )
  }
  return (
    <Form title="New endpoint" verb="Make the endpoint" isNew dirty={dirty} draft={draft} set={setDraft} error={create.error} busy={create.isPending}
      cancel={<Link to="/endpoints" className={linked}>Cancel</Link>} reset={() => create.reset()} save={() => create.mutate(wishOf(draft))} />
  )
}

export function EditEndpoint() {
  const { id } = editRoute.useParams()
  const answer = useQuery({ ...endpoint(id), refetchInterval: false })
  if (answer.error && !answer.data) return <><Heading title={id} /><Problem error={answer.error} retry={() => void answer.refetch()} /></>
  return answer.data ? <Edit key={answer.data.id} endpoint={answer.data} /> : <Loading />
}

function Edit({ endpoint: e }: { endpoint: Endpoint }) {
  const navigate = editRoute.useNavigate()
  const [before] = useState(() => draftOf(e))
  const [draft, setDraft] = useState(before)
  const saved = useRef(false)
  const change = useChangeEndpoint(e.id)
  const wish = changeOf(before, draft)
  const dirty = Object.keys(wish).length > 0
  const save = () => {
    change.mutate(wish, {
      onSuccess: (now) => {
        saved.current = true
        tell(`${now.name} is saved.`)
        void navigate({ to: '/endpoints/$id', params: { id: now.id } })
      },
    })
  }
  return (
    <Form title={`Edit ${e.name}`} verb="Save" isNew={false} dirty={dirty} saved={saved} draft={draft} set={setDraft} error={change.error} busy={change.isPending}
      cancel={<Link to="/endpoints/$id" params={{ id: e.id }} className={linked}>Cancel</Link>} reset={() => change.reset()} save={save} />
  )
}

function Form({ title, verb, isNew, dirty, saved, draft, set, error, busy, cancel, reset, save }: {
  title: string
  verb: string
  isNew: boolean
  /** Whether something would be lost by leaving */
  dirty: boolean
  saved?: { current: boolean }
  draft: EndpointDraft
  set: (to: EndpointDraft) => void
  error: unknown
  busy: boolean
  cancel: React.ReactNode
  reset: () => void
  save: () => void
}) {
  const guard = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && !saved?.current && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty && !saved?.current,
    withResolver: true,
  })
  const form = useRef<HTMLFormElement>(null)
  // What is wrong may be far from the button.
  useEffect(() => {
    if (error) form.current?.querySelector('[aria-invalid=true], [role=alert]')?.scrollIntoView({ block: 'center' })
  }, [error])
  const other = otherOfEndpoint(error)
  const ready = twice(draft.headers).length === 0 && (isNew || dirty)
  return (
    <form ref={form} className="flex max-w-5xl min-w-0 flex-col gap-5" onSubmit={(e) => { e.preventDefault(); if (ready) save() }}>
      <Heading title={title} about={isNew ? 'It gets what is stored from when it is made.' : 'Taken up within seconds by every server. What failed before is sent again with the bytes that it had.'}>
        {cancel}
        <Button type="submit" kind="main" busy={busy} disabled={!ready}>{verb}</Button>
      </Heading>
      {other !== undefined && <Problem error={other} />}
      <EndpointFields draft={draft} error={error} isNew={isNew} put={(to) => { if (error) reset(); set({ ...draft, ...to }) }} />
      <div className="flex justify-end gap-2">{cancel}<Button type="submit" kind="main" busy={busy} disabled={!ready}>{verb}</Button></div>
      <Confirm open={guard.status === 'blocked'} close={() => guard.reset?.()} title="Leave without saving?" verb="Leave" danger act={async () => guard.proceed?.()}>
        <p>What you changed here is lost.</p>
      </Confirm>
    </form>
  )
}
