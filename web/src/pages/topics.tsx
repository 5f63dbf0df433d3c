import { useQuery } from '@tanstack/react-query'
import { Plus, Tags } from 'lucide-react'
import { useState } from 'react'
import { type Topic, topics, useChangeTopic, useDeleteTopic, useMakeTopic } from '../api/contacts'
import { Mono, Time } from '../components/bits'
import { Confirm, Dialog } from '../components/overlay'
import { fieldProblem, otherProblem } from '../components/source-settings'
import { Table } from '../components/table'
import { tell } from '../components/toast'
import { Badge, Button, Card, Empty, Field, Heading, Input, Loading, Problem, TextArea } from '../components/ui'
import { count } from '../lib/format'

export function Topics() {
  const list = useQuery(topics)
  const [editing, edit] = useState<Topic | 'new'>()
  const [deleting, remove] = useState<Topic>()
  const drop = useDeleteTopic()
  return (
    <>
      <Heading title="Topics" about="Kinds of mail that contacts may take or leave, beside opting out of all mail. What somebody said of them stands on the page of the contact.">
        <Button kind="main" onClick={() => edit('new')}><Plus aria-hidden className="size-3.5" /> New topic</Button>
      </Heading>
      {list.error ? <Problem error={list.error} retry={() => void list.refetch()} /> : (
        <Card flush>
          {!list.data ? <Loading lines={4} />
            : list.data.length === 0 ? (
              <Empty icon={<Tags />} title="No topics yet" action={<Button kind="main" onClick={() => edit('new')}>Make the first one</Button>}>
                Such as a newsletter and product news: somebody who has enough of the one may keep the other.
              </Empty>
            ) : (
              <>
                <Table label="Topics" head={<tr><th scope="col">Topic</th><th scope="col">Slug</th><th scope="col">Who said nothing</th><th scope="col">Made</th><th scope="col" className="relative"><span className="sr-only">Change</span></th></tr>}>
                  {list.data.map((t) => (
                    <tr key={t.id} className="align-top text-sm">
                      <td className="min-w-44 [overflow-wrap:anywhere]">{t.name}{t.description && <span className="block text-xs text-soft">{t.description}</span>}</td>
                      <td className="min-w-32"><Mono title="What segments, imports and your app name it by">{t.slug}</Mono></td>
                      <td><Default takes={t.subscribedByDefault} /></td>
                      <td className="text-soft"><Time at={t.createdAt} form="day" /></td>
                      <td>
                        <span className="flex justify-end gap-2">
                          <Button small aria-label={`Edit ${t.name}`} onClick={() => edit(t)}>Edit</Button>
                          <Button small aria-label={`Delete ${t.name}…`} onClick={() => remove(t)}>Delete…</Button>
                        </span>
                      </td>
                    </tr>
                  ))}
                </Table>
                <p className="border-t border-line px-3 py-2 text-xs text-soft">{count(list.data.length)} {list.data.length === 1 ? 'topic' : 'topics'}</p>
              </>
            )}
        </Card>
      )}
      <Dialog open={editing !== undefined} close={() => edit(undefined)} title={editing === 'new' || !editing ? 'New topic' : `Edit ${editing.name}`}>
        {editing !== undefined && <TopicForm topic={editing === 'new' ? undefined : editing} close={() => edit(undefined)} />}
      </Dialog>
      <Confirm open={deleting !== undefined} close={() => remove(undefined)} title={`Delete ${deleting?.name ?? ''}?`} verb="Delete" danger
        act={async () => {
          if (!deleting) return
          await drop.mutateAsync(deleting.id)
          tell(`${deleting.name} is deleted.`)
        }}>
        <p>What contacts said of it is gone, also that they did not want it: a topic that is made anew with the same slug begins with nothing said.</p>
        <p>The history of their consent stays. Segments, imports and forms that name <Mono>{deleting?.slug}</Mono> find it no more.</p>
      </Confirm>
    </>
  )
}

const Default = ({ takes }: { takes: boolean }) => <Badge tone={takes ? 'good' : 'plain'} title="What holds for contacts that said nothing of it">{takes ? 'gets it' : 'does not get it'}</Badge>

/** The slug that the server makes of a name. */
const slugOf = (name: string) => name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '')

function TopicForm({ topic, close }: { topic: Topic | undefined; close: () => void }) {
  const [name, setName] = useState(topic?.name ?? '')
  const [slug, setSlug] = useState('')
  const [description, setDescription] = useState(topic?.description ?? '')
  const [takes, setTakes] = useState(topic?.subscribedByDefault ?? true)
  const make = useMakeTopic()
  const change = useChangeTopic(topic?.id ?? '')
  const { error } = topic ? change : make
  const taken = fieldProblem(error, 'slug')
  const other = otherProblem(error, ['name', 'slug', 'description'])
  const said = { name: name.trim(), description: description.trim(), subscribedByDefault: takes }
  const save = async () => {
    try {
      const done = topic ? await change.mutateAsync(said) : await make.mutateAsync({ ...said, ...(slug.trim() ? { slug: slug.trim() } : {}) })
      tell(topic ? `${done.name} is saved.` : `${done.name} is made.`)
      close()
    } catch {
      // Told at its field, or below.
    }
  }
  return (
    <form className="flex flex-col gap-4" onSubmit={(e) => { e.preventDefault(); void save() }}>
      <Field label="Name" problem={fieldProblem(error, 'name')}>{(p) => <Input {...p} required autoFocus maxLength={100} value={name} onChange={(e) => setName(e.target.value)} placeholder="Product news" />}</Field>
      {topic ? <p className="text-sm"><span className="text-soft">Slug: </span><Mono>{topic.slug}</Mono>. It never changes.</p> : (
        <Field label="Slug" help="What segments, imports and your app name it by. It never changes." problem={taken}>
          {(p) => <Input {...p} spellCheck={false} autoComplete="off" maxLength={64} value={slug} onChange={(e) => setSlug(e.target.value)} placeholder={slugOf(name) || 'product-news'} />}
        </Field>
      )}
      <Field label="Description" help="What it is, for people" problem={fieldProblem(error, 'description')}>
        {(p) => <TextArea {...p} rows={2} maxLength={1000} value={description} onChange={(e) => setDescription(e.target.value)} placeholder="What is new, once a month" />}
      </Field>
      <fieldset className="flex flex-col gap-2 text-sm">
        <legend className="mb-1 font-medium">Contacts that said nothing of it</legend>
        {([[true, 'get it', 'until they leave it'], [false, 'do not get it', 'until they ask for it']] as const).map(([value, label, more]) => (
          <label key={label} className="flex items-center gap-2">
            <input type="radio" name="default" className="size-4 accent-accent" checked={takes === value} onChange={() => setTakes(value)} />
            {label}, <span className="text-soft">{more}</span>
          </label>
        ))}
        {topic && takes !== topic.subscribedByDefault && <p className="text-xs text-warn">This changes at once what all contacts get that said nothing of it.</p>}
      </fieldset>
      {other !== undefined && <Problem error={other} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind="main" busy={make.isPending || change.isPending} disabled={name.trim() === ''}>{topic ? 'Save' : 'Make it'}</Button>
      </div>
    </form>
  )
}
