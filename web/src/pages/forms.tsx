import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ClipboardList, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { topics } from '../api/contacts'
import { type Form, type FormField, forms, useDeleteForm, useSaveForm } from '../api/forms'
import { Code, Mono, Time } from '../components/bits'
import { Confirm, Dialog } from '../components/overlay'
import { fieldProblem, otherProblem } from '../components/source-settings'
import { Table } from '../components/table'
import { tell } from '../components/toast'
import { Badge, Button, Card, Empty, Field, Heading, IconButton, Input, Loading, Problem, TextArea } from '../components/ui'
import { formHTML } from '../lib/form-html'
import { count } from '../lib/format'

export function Forms() {
  const list = useQuery(forms)
  const names = new Map((useQuery(topics).data ?? []).map((t) => [t.slug, t.name]))
  const [editing, edit] = useState<Form | 'new'>()
  const [using, use] = useState<Form>()
  const [deleting, remove] = useState<Form>()
  const drop = useDeleteForm()
  return (
    <>
      <Heading title="Forms" about="Through which people subscribe themselves, on a page of Tidings or on your own site.">
        <Button kind="main" onClick={() => edit('new')}><Plus aria-hidden className="size-3.5" /> New form</Button>
      </Heading>
      {list.error ? <Problem error={list.error} retry={() => void list.refetch()} /> : (
        <Card flush>
          {!list.data ? <Loading lines={4} />
            : list.data.length === 0 ? (
              <Empty icon={<ClipboardList />} title="No forms yet" action={<Button kind="main" onClick={() => edit('new')}>Make the first one</Button>}>
                A form has a link that you give to people, and can stand in a page of your own. With double opt-in nobody is subscribed by somebody else.
              </Empty>
            ) : (
              <>
                <Table label="Forms" head={<tr><th scope="col">Form</th><th scope="col">Opt-in</th><th scope="col">Topics</th><th scope="col">Changed</th><th scope="col" className="relative"><span className="sr-only">Change</span></th></tr>}>
                  {list.data.map((f) => (
                    <tr key={f.id} className="align-top text-sm">
                      <td className="min-w-44 [overflow-wrap:anywhere]">{f.name}<span className="block text-xs text-soft">{f.fields.length === 0 ? 'asks for the address' : `asks for the address and ${f.fields.map((x) => x.label).join(', ')}`}</span></td>
                      <td><Badge tone={f.doubleOptIn ? 'good' : 'warn'} title={f.doubleOptIn ? 'Nobody is subscribed before they confirmed it' : 'Whoever sends it is subscribed at once'}>{f.doubleOptIn ? 'double' : 'single'}</Badge></td>
                      <td className="min-w-32 text-soft">{f.topics.map((slug) => names.get(slug) ?? slug).join(', ') || 'all mail'}</td>
                      <td className="text-soft"><Time at={f.updatedAt} form="day" /></td>
                      <td>
                        <span className="flex justify-end gap-2">
                          <Button small kind="main" aria-label={`Use ${f.name}`} onClick={() => use(f)}>Use</Button>
                          <Button small aria-label={`Edit ${f.name}`} onClick={() => edit(f)}>Edit</Button>
                          <Button small aria-label={`Delete ${f.name}…`} onClick={() => remove(f)}>Delete…</Button>
                        </span>
                      </td>
                    </tr>
                  ))}
                </Table>
                <p className="border-t border-line px-3 py-2 text-xs text-soft">{count(list.data.length)} {list.data.length === 1 ? 'form' : 'forms'}</p>
              </>
            )}
        </Card>
      )}
      <Dialog open={editing !== undefined} close={() => edit(undefined)} wide stay title={editing === 'new' || !editing ? 'New form' : `Edit ${editing.name}`}>
        {editing !== undefined && <FormForm form={editing === 'new' ? undefined : editing} close={() => edit(undefined)} made={use} />}
      </Dialog>
      <Dialog open={using !== undefined} close={() => use(undefined)} wide title={`Use ${using?.name ?? ''}`}>{using && <Use form={using} />}</Dialog>
      <Confirm open={deleting !== undefined} close={() => remove(undefined)} title={`Delete ${deleting?.name ?? ''}?`} verb="Delete" danger
        act={async () => {
          if (!deleting) return
          await drop.mutateAsync(deleting.id)
          tell(`${deleting.name} is deleted.`)
        }}>
        <p>Its link ends: whoever sends the form from now on is told that it is not there, also on pages of your own.</p>
        <p>Who subscribed with it stays as they are. Links that people were sent to confirm go on working.</p>
      </Confirm>
    </>
  )
}

/** Its link, and what to put into a page of one's own. */
function Use({ form: f }: { form: Form }) {
  return (
    <div className="flex flex-col gap-4 text-sm">
      <div><p className="mb-1 font-medium">The link of its page</p><Code text={f.url} /></div>
      <div>
        <p className="mb-1 font-medium">In a page of your own</p>
        <Code text={formHTML(f)} />
        <p className="mt-1 text-xs text-soft">
          {f.origins.length > 0 ? <>Pages of {f.origins.join(', ')} may send it.</> : 'Until you name the site under Edit, no page but its own may send it.'} It needs no script.
        </p>
      </div>
      <p className="text-soft">
        {f.doubleOptIn
          ? <>Whoever sends it is not subscribed yet: the event <Mono>contact.confirmation</Mono> gives your app the link that they confirm with, and your app mails it.</>
          : 'Whoever sends it is subscribed at once, also who types the address of somebody else. Only who unsubscribed before has to confirm it.'}
      </p>
    </div>
  )
}

const lines = (text: string) => text.split('\n').map((l) => l.trim()).filter((l) => l !== '')

function FormForm({ form, close, made }: { form: Form | undefined; close: () => void; made: (f: Form) => void }) {
  const [name, setName] = useState(form?.name ?? '')
  const [double, setDouble] = useState(form?.doubleOptIn ?? true)
  const [chosen, choose] = useState(form?.topics ?? [])
  const [fields, setFields] = useState<FormField[]>(form?.fields ?? [])
  const [origins, setOrigins] = useState((form?.origins ?? []).join('\n'))
  const [sent, setSent] = useState(form?.redirectUrl ?? '')
  const [confirmed, setConfirmed] = useState(form?.confirmedUrl ?? '')
  const save = useSaveForm(form?.id)
  const { error } = save
  const other = otherProblem(error, ['name', 'topics', 'origins', 'redirectUrl', 'confirmedUrl', 'fields'])
  return (
    <form className="flex flex-col gap-5"
      onSubmit={(e) => {
        e.preventDefault()
        save.mutate({ name: name.trim(), doubleOptIn: double, topics: chosen, fields, origins: lines(origins), redirectUrl: sent.trim(), confirmedUrl: confirmed.trim() }, {
          onSuccess: (f) => {
            tell(form ? `${f.name} is saved.` : `${f.name} is made.`)
            close()
            if (!form) made(f)
          },
        })
      }}>
      <Field label="Name" help="People see it: it is the title of the page." problem={fieldProblem(error, 'name')}>
        {(p) => <Input {...p} required autoFocus maxLength={100} value={name} onChange={(e) => setName(e.target.value)} placeholder="News of Harbour Books" />}
      </Field>
      <label className="flex items-start gap-2 text-sm">
        <input type="checkbox" className="mt-0.5 size-4 accent-accent" checked={double} onChange={(e) => setDouble(e.target.checked)} />
        <span>Double opt-in<span className={`block text-xs ${double ? 'text-soft' : 'text-warn'}`}>{double ? 'Nobody is subscribed before they confirmed it with a link that was mailed to them.' : 'Whoever sends it is subscribed at once, also who types the address of somebody else. In many countries that is not enough.'}</span></span>
      </label>
      <Topics chosen={chosen} choose={choose} problem={fieldProblem(error, 'topics')} />
      <Asked fields={fields} set={setFields} error={error} />
      <Field label="Sites that may send it" help="One a line, such as https://acme.test. Its own page always may." problem={fieldProblem(error, 'origins')}>
        {(p) => <TextArea {...p} rows={2} spellCheck={false} className="font-mono text-xs!" value={origins} onChange={(e) => setOrigins(e.target.value)} placeholder="https://acme.test" />}
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Where people go once they sent it" help="A page of one of the sites; empty: a page of Tidings" problem={fieldProblem(error, 'redirectUrl')}>
          {(p) => <Input {...p} spellCheck={false} autoComplete="off" maxLength={1000} value={sent} onChange={(e) => setSent(e.target.value)} placeholder="https://acme.test/thanks" />}
        </Field>
        {double && (
          <Field label="Where they go once they confirmed it" help="A page of one of the sites; empty: a page of Tidings" problem={fieldProblem(error, 'confirmedUrl')}>
            {(p) => <Input {...p} spellCheck={false} autoComplete="off" maxLength={1000} value={confirmed} onChange={(e) => setConfirmed(e.target.value)} placeholder="https://acme.test/welcome" />}
          </Field>
        )}
      </div>
      {other !== undefined && <Problem error={other} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={save.isPending} disabled={name.trim() === ''}>{form ? 'Save' : 'Make it'}</Button>
      </div>
    </form>
  )
}

function Topics({ chosen, choose, problem }: { chosen: string[]; choose: (slugs: string[]) => void; problem: string | undefined }) {
  const list = useQuery(topics).data ?? []
  const gone = chosen.filter((slug) => !list.some((t) => t.slug === slug))
  return (
    <fieldset className="flex flex-col gap-1.5 text-sm">
      <legend className="mb-1 font-medium">Topics that people take with it</legend>
      {list.length === 0 && gone.length === 0 && <p className="text-soft">There are none. <Link to="/topics" className="text-accent underline">Make topics</Link> to let people subscribe to one kind of mail.</p>}
      {[...list.map((t) => [t.slug, t.name] as const), ...gone.map((slug) => [slug, `${slug} (deleted)`] as const)].map(([slug, label]) => (
        <label key={slug} className="flex items-center gap-2">
          <input type="checkbox" className="size-4 accent-accent" checked={chosen.includes(slug)} onChange={(e) => choose(e.target.checked ? [...chosen, slug] : chosen.filter((s) => s !== slug))} />
          <span className="min-w-0 truncate">{label}</span>
        </label>
      ))}
      {problem && <p className="text-xs text-bad">{problem}</p>}
    </fieldset>
  )
}

/** What a form asks for beside the address. */
function Asked({ fields, set, error }: { fields: FormField[]; set: (fields: FormField[]) => void; error: unknown }) {
  const change = (i: number, to: Partial<FormField>) => set(fields.map((f, j) => (i === j ? { ...f, ...to } : f)))
  return (
    <fieldset className="flex min-w-0 flex-col gap-2 text-sm">
      <legend className="mb-1 font-medium">What it asks for beside the address</legend>
      {fields.map((f, i) => {
        const problem = ['name', 'label'].map((part) => fieldProblem(error, `fields[${i}].${part}`)).filter(Boolean).join(' ')
        return (
          <div key={i} className="flex flex-col gap-1">
            <div className="flex flex-wrap items-center gap-2">
              <Input aria-label={`Label of field ${i + 1}`} placeholder="First name" required maxLength={100} className="flex-1 basis-40" value={f.label} onChange={(e) => change(i, { label: e.target.value })} />
              <Input aria-label={`Attribute of field ${i + 1}`} placeholder="firstName" required maxLength={60} spellCheck={false} className="flex-1 basis-40" value={f.name} onChange={(e) => change(i, { name: e.target.value })} />
              <label className="flex items-center gap-1.5"><input type="checkbox" className="size-4 accent-accent" checked={f.required === true} onChange={(e) => change(i, { required: e.target.checked })} /> required</label>
              <IconButton label={`Remove field ${i + 1}`} onClick={() => set(fields.filter((_, j) => j !== i))}><Trash2 aria-hidden className="size-4" /></IconButton>
            </div>
            {problem && <p className="text-xs text-bad">{problem}</p>}
          </div>
        )
      })}
      {fields.length > 0 && <p className="text-xs text-soft">What people read, and the attribute that it becomes.</p>}
      {fieldProblem(error, 'fields') && fields.every((_, i) => !fieldProblem(error, `fields[${i}].name`) && !fieldProblem(error, `fields[${i}].label`)) && <p className="text-xs text-bad">{fieldProblem(error, 'fields')}</p>}
      {fields.length < 10 && <Button small className="self-start" onClick={() => set([...fields, { name: '', label: '' }])}><Plus aria-hidden className="size-3.5" /> Add a field</Button>}
    </fieldset>
  )
}
