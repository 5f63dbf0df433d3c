import { filterWords } from './condition'
import { type Asked, askedOf, branchName, type Draft, eventsOf, type Kind, kindOf, type Match, reasonOf, sendOf, shareName, type Step, type Trigger, triggerOf, waitForOf, waitOf, webhookOf } from './workflow-draft'
import { whole } from './condition'

/** What each kind of step is called, and what it does. */
export const kindWords: Record<Kind, { label: string; about: string }> = {
  send: { label: 'Send an email', about: 'Mails the contact, once' },
  wait: { label: 'Wait', about: 'Lets time pass, or waits for a time of day' },
  waitFor: { label: 'Wait for an event', about: 'Until an event of the contact comes, or time is up' },
  if: { label: 'Ask', about: 'Two ways: what is true of the contact, or what it opened' },
  choice: { label: 'Choose by a value', about: 'Many ways, by one field' },
  split: { label: 'Split', about: 'Shares the contacts by weight' },
  update: { label: 'Update the contact', about: 'Attributes, tags, topics' },
  webhook: { label: 'Call a URL', about: 'A webhook, with retries' },
  exit: { label: 'Exit', about: 'Ends the run' },
}

const list = (words: string[]) => words.filter((w) => w !== '').join(', ')

/** An address without its query, which may tell who somebody is. */
const shortURL = (url: string) => url.replace(/^https?:\/\//, '').replace(/[?#].*$/, '')

const templateName = (t: string | undefined) => (t === '*' ? 'any email' : t || '…')

export function askedWords(a: Asked, segment: (id: string) => string = (id) => id): string {
  const parts = ([['sent', 'was sent'], ['opened', 'opened'], ['clicked', 'clicked in']] as const).flatMap(([k, verb]) => (a[k] ? [`${verb} ${templateName(a[k])}`] : []))
  if (a.run && parts.length > 0) parts.push('of this run')
  if (a.if) {
    const filters = whole(a.if).groups.flatMap((g) => g.filters)
    parts.push(filters.length === 1 && filters[0] ? filterWords(filters[0], segment) : `${filters.length} filters`)
  }
  return parts.join(', ')
}

export const matchWords = (m: Match) => list(eventsOf(m)) + (m.where && m.where.length > 0 ? ` (${m.where.length === 1 ? 'one test' : `${m.where.length} tests`})` : '')

/** In a few words what a step does, beside its kind. */
export function stepWords(s: Step, segment?: (id: string) => string): string {
  switch (kindOf(s)) {
    case 'send': {
      const x = sendOf(s)
      const templates = x.variants && x.variants.length > 0 ? x.variants.map((v, i) => `${shareName(v, i)}: ${v.template || '…'}`).join(', ') : x.template || 'no template yet'
      return templates + (x.to ? ` to ${x.to}` : '')
    }
    case 'wait': {
      const w = waitOf(s)
      if (w.until) return w.for ? (w.for.startsWith('-') ? `until ${w.for.slice(1)} before ${w.until}` : `until ${w.for} after ${w.until}`) : `until ${w.until}`
      return list([w.for ?? '', w.at ? `${w.for ? 'then ' : ''}until ${w.at}${w.days && w.days.length > 0 ? ` on ${w.days.join(', ')}` : ''}` : '']) || 'no time yet'
    }
    case 'waitFor': {
      const { match, timeout } = waitForOf(s)
      return `${matchWords(match) || 'no event yet'}${timeout ? `, for ${timeout}` : ''}`
    }
    case 'if': return askedWords(askedOf(s), segment) || 'nothing yet'
    case 'choice': return s.choice?.field ? `${s.choice.field}: ${list((s.choice.branches ?? []).map((b) => branchName(b) || '…'))}` : 'no field yet'
    case 'split': return list((s.split?.branches ?? []).map((b, i) => `${shareName(b, i)} ${b.weight ?? 0}`))
    case 'update': {
      const u = s.update ?? {}
      const topics = Object.entries(u.topics ?? {}).map(([t, on]) => `${on ? '+' : '−'}${t}`)
      return list([
        ...(u.tags ?? []).map((t) => `+${t}`), ...(u.untag ?? []).map((t) => `−${t}`), ...Object.keys(u.attributes ?? {}).map((a) => `${a} =`), ...topics,
        u.subscribe ? 'subscribed' : '', u.unsubscribe ? 'unsubscribed' : '',
      ]) || 'nothing yet'
    }
    case 'webhook': {
      const w = webhookOf(s)
      return w.url ? `${w.method ?? 'POST'} ${shortURL(w.url)}` : 'no URL yet'
    }
    case 'exit': return reasonOf(s)
    default: return s.goto ? `goes to ${s.goto}` : 'nothing to do yet'
  }
}

export const stepTitle = (s: Step) => {
  const kind = kindOf(s)
  return s.name || (kind ? kindWords[kind].label : s.goto ? 'Go to' : 'A step')
}

/** Who enters, in a few words. */
export function triggerWords(t: Trigger, segment: (id: string) => string = (id) => id): string {
  if (t.segment) return `Enters the segment ${segment(t.segment)}`
  if (t.schedule) {
    const { at, days, dates, segment: of, zone } = t.schedule
    const when = list([...(days ?? []), ...(dates ?? []).map((d) => (d === -1 ? 'the last of the month' : `the ${d}.`))]) || 'every day'
    return `${when} at ${at || '…'}${zone ? ` (${zone})` : ''}: ${of ? segment(of) : '…'}`
  }
  if (t.manual) return 'By hand, by rules and programs'
  return matchWords(t) || 'no event yet'
}

export const triggerKind = (t: Trigger): 'event' | 'segment' | 'schedule' | 'manual' => (t.schedule ? 'schedule' : 'segment' in t ? 'segment' : t.manual ? 'manual' : 'event')

/** The same of a workflow as lists have it, where the trigger is in MailGlyph's words. */
export function listedTrigger(type: string, config: unknown, segment: (id: string) => string): string {
  const c = (typeof config === 'object' && config !== null ? config : {}) as { eventName?: string; on?: Match; segment?: string; schedule?: Trigger['schedule'] }
  if (c.schedule) return triggerWords({ schedule: c.schedule }, segment)
  if (c.segment) return triggerWords({ segment: c.segment }, segment)
  if (c.on) return matchWords(c.on)
  return c.eventName ?? (type === 'MANUAL' ? 'By hand' : type)
}

/** What a way on is called in figures: the outcome's own word where it has no other. */
export const outcomeWords: Record<string, string> = {
  '': 'went on', sent: 'was sent', skipped: 'was skipped', yes: 'yes', no: 'no', event: 'the event came', timeout: 'time was up', failed: 'failed', else: 'otherwise', through: 'went on',
}

export const draftTitle = (d: Draft) => d.name || d.workflow || 'New workflow'

export const draftTrigger = (d: Draft, segment?: (id: string) => string) => triggerWords(triggerOf(d), segment)
