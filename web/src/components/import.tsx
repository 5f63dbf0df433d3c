import { Upload } from 'lucide-react'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { type Reason, useImport } from '../api/suppressions'
import { count } from '../lib/format'
import { reasonNames, reasonOf, reasons } from '../lib/why'
import { Mono } from './bits'
import { BadLines, ListSource, Sending, Sums, useSteps } from './list-import'
import { Confirm } from './overlay'
import { tell } from './toast'
import { Button, Card, Field, Problem, Select } from './ui'

type Report = Schemas['ImportReport']

/** A list of suppressions: first it is said what it would do, then it is taken. */
export function ImportPanel() {
  const [reason, setReason] = useState<Reason>()
  const [asking, ask] = useState(false)
  const check = useImport(reason)
  const take = useImport(reason)
  const steps = useSteps(check, take)
  const { list, busy } = steps
  const checked = check.data
  const taken = take.data
  return (
    <>
      <Card title="1. The list">
        <ListSource list={list} choose={steps.choose} busy={busy} about="CSV with a header, or one address a line; up to 256 MB"
          help={<>Columns: <Mono>address</Mono>, and where they are there <Mono>reason</Mono>, <Mono>since</Mono>, <Mono>until</Mono>, <Mono>note</Mono>. Patterns such as <Mono>*@bad.test</Mono> are taken too.</>}
          example={'address,reason,note\nghost@acme.test,hard_bounce,\n*@bad.test,,spam trap'} />
        <div className="mt-4 flex flex-wrap items-end gap-3">
          <Field label="Reason of lines that say none">
            {(p) => (
              <Select {...p} value={reason ?? 'manual'} disabled={busy} onChange={(e) => { steps.restart(); setReason(reasonOf(e.target.value)) }}>
                {reasonNames.map((r) => <option key={r} value={r}>{reasons[r].word}</option>)}
              </Select>
            )}
          </Field>
          <Button kind={checked ? 'plain' : 'main'} disabled={!list || busy} busy={check.isPending} onClick={steps.check}>
            Check it, change nothing
          </Button>
        </div>
        {busy && <Sending share={steps.share} what={steps.what} stop={steps.stop} />}
        {check.error && <div className="mt-4"><Problem error={check.error} /></div>}
      </Card>
      {checked && !taken && (
        <Card title="2. What it would do">
          <ReportView report={checked} />
          <div className="mt-4 flex flex-wrap items-center gap-3">
            <Button kind="main" disabled={busy || checked.added + checked.known === 0} onClick={() => ask(true)}>
              <Upload aria-hidden className="size-3.5" /> Import {count(checked.added + checked.known)} {checked.added + checked.known === 1 ? 'line' : 'lines'}…
            </Button>
            {checked.bad > 0 && <p className="text-sm text-soft">Bad lines are left out. Mend them and import again: what is there is known the second time.</p>}
          </div>
          {take.error && <div className="mt-4"><Problem error={take.error} /></div>}
        </Card>
      )}
      {taken && <Card title="Done"><ReportView report={taken} /></Card>}
      <Confirm open={asking} close={() => ask(false)} title="Import this list?" verb="Import" danger
        act={async () => {
          // The window closes at once: how far it is shows on the page, and so does what goes wrong.
          steps.take((report) => tell(`Imported: ${count(report.added)} added, ${count(report.known)} known before.`))
        }}>
        <p>
          {checked && (checked.added === 0 ? 'Nobody is suppressed who was not before.'
            : `${checked.added === 1 ? 'One address or domain is' : `${count(checked.added)} addresses and domains are`} suppressed from now on: nothing is sent there until that is lifted.`)}
          {checked && checked.known > 0 && ` ${count(checked.known)} ${checked.known === 1 ? 'was' : 'were'} known before; notes and times may change.`}
        </p>
        <p>An import is not taken back as a whole: each address is lifted by itself.</p>
      </Confirm>
    </>
  )
}

function ReportView({ report: r }: { report: Report }) {
  return (
    <>
      <Sums of={[
        ['Lines', r.lines, ''],
        [r.dryRun ? 'Would be added' : 'Added', r.added, 'text-good'],
        ['Known before', r.known, 'text-soft'],
        ['Bad', r.bad, r.bad > 0 ? 'text-bad' : 'text-soft'],
        ['Of them patterns', r.patterns, 'text-soft'],
      ]} />
      {r.ignored.length > 0 && (
        <p className="mt-3 text-sm text-soft">Columns that were passed over: {r.ignored.map((c) => <span key={c} className="mr-1.5"><Mono>{c}</Mono></span>)}</p>
      )}
      <BadLines lines={r.badLines} all={r.bad} />
    </>
  )
}
