import { Power, RefreshCw, RotateCcw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { type Endpoint, useDeleteEndpoint, useDisableEndpoint, useEnableEndpoint } from '../api/endpoints'
import { RotateSecret } from './endpoint-secret'
import { StartEndpointReplay } from './endpoint-replays'
import { More } from './menu'
import { Confirm, Dialog } from './overlay'
import { tell } from './toast'
import { Button, Problem } from './ui'

/** What is done with an endpoint beside changing it. gone is called once it is deleted, replaying once something is sent again. */
export function EndpointActs({ endpoint: e, gone, replaying }: { endpoint: Endpoint; gone: () => void; replaying: () => void }) {
  const [open, setOpen] = useState<'enable' | 'disable' | 'secret' | 'replay' | 'delete'>()
  const disable = useDisableEndpoint(e.id)
  const drop = useDeleteEndpoint()
  const close = () => setOpen(undefined)
  return (
    <>
      {!e.enabled && <Button onClick={() => setOpen('enable')}><Power aria-hidden className="size-3.5" /> Enable…</Button>}
      <More label="More about this endpoint" items={[
        { label: 'Send again…', icon: <RotateCcw aria-hidden />, act: () => setOpen('replay') },
        { label: 'New secret…', icon: <RefreshCw aria-hidden />, act: () => setOpen('secret') },
        ...(e.enabled ? [{ label: 'Disable…', icon: <Power aria-hidden />, act: () => setOpen('disable') }] : []),
        { label: 'Delete…', icon: <Trash2 aria-hidden />, act: () => setOpen('delete'), danger: true, apart: true },
      ]} />
      <EnableEndpoint endpoint={e} open={open === 'enable'} close={close} />
      <RotateSecret endpoint={e} open={open === 'secret'} close={close} />
      <StartEndpointReplay endpoint={e} open={open === 'replay'} close={close} started={replaying} />
      <Confirm open={open === 'disable'} close={close} title={`Disable ${e.name}?`} verb="Disable it" danger note={{ label: 'Why (optional)' }}
        act={async (note) => { await disable.mutateAsync(note); tell(`${e.name} is disabled.`) }}>
        <p>Nothing goes there any more, and what waits for another try waits on. What comes meanwhile stays in the log: when it is enabled again it goes on where it stopped, or from then on, as you say then.</p>
      </Confirm>
      <Confirm open={open === 'delete'} close={close} title={`Delete ${e.name}?`} verb="Delete it" danger
        act={async () => { await drop.mutateAsync(e.id); tell(`${e.name} is deleted.`); gone() }}>
        <p>Nothing goes there any more. Its secret and headers, what waits, what was given up and all that is known of what it was sent are gone with it. The events themselves stay.</p>
        <p>To stop it for a while, disable it instead.</p>
      </Confirm>
    </>
  )
}

const from = [
  ['stopped', 'Where it stopped', 'all that came meanwhile goes there now, oldest first'],
  ['now', 'From now on', 'what came meanwhile does not go there, unless you send it again'],
] as const

/** Lets an endpoint go on. */
function EnableEndpoint({ endpoint: e, open, close }: { endpoint: Endpoint; open: boolean; close: () => void }) {
  const [place, choose] = useState<(typeof from)[number][0]>('stopped')
  const enable = useEnableEndpoint(e.id)
  return (
    <Dialog open={open} close={close} title={`Enable ${e.name}`}>
      <form className="flex flex-col gap-4" onSubmit={(ev) => { ev.preventDefault(); enable.mutate(place, { onSuccess: () => { tell(`${e.name} is enabled.`); close() } }) }}>
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 text-sm font-medium">Where does it go on?</legend>
          {from.map(([value, label, about]) => (
            <label key={value} className="flex items-start gap-2 text-sm">
              <input type="radio" name="from" className="mt-0.5 size-4 accent-accent" checked={place === value} onChange={() => choose(value)} />
              <span>{label}<span className="block text-xs text-soft">{about}</span></span>
            </label>
          ))}
        </fieldset>
        {enable.error && <Problem error={enable.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" kind="main" busy={enable.isPending}>Enable it</Button>
        </div>
      </form>
    </Dialog>
  )
}
