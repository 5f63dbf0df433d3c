import { Refusal } from '../api/client'
import type { Rule, RuleAct } from '../api/rules'
import type { Tone } from '../components/ui'

/** What each action is called. */
export const actionWords: Record<string, string> = { send: 'Mails', subscribe: 'Subscribes', unsubscribe: 'Unsubscribes' }

export const outcomes: Record<RuleAct['outcome'], { word: string; tone: Tone; about: string }> = {
  done: { word: 'Done', tone: 'good', about: 'It was done; what became of an email stands among the sends' },
  skipped: { word: 'Skipped', tone: 'plain', about: 'It was not to be done: the contact may not be mailed, or the rule acted often enough' },
  failed: { word: 'Failed', tone: 'bad', about: 'It could not be done' },
}

/** A place of a rule's text, as the server names it. */
export interface RuleMark {
  line: number
  column: number
  /** Where in the rule: do[0].send.template; empty: the text as a whole */
  at: string
  says: string
}

/** The line of a field that the server gave none for: where its name stands, with the value of which it speaks. */
function lineOf(text: string, at: string, says: string): number {
  const name = /(\w+)(\[\d+\])*$/.exec(at)?.[1]
  const value = /"([^"]+)"/.exec(says)?.[1] ?? ''
  const lines = text.split('\n').map((l, i) => [l, i + 1] as const).filter(([l]) => name && new RegExp(`(^|[\\s{,-])${name}\\s*:`).test(l))
  return (lines.find(([l]) => l.includes(value)) ?? lines[0])?.[1] ?? 1
}

/** What a refusal says of a rule's text, each with its line: the server puts it at the end, or where YAML can't be read, in front. */
export function ruleMarks(error: unknown, rule: string): RuleMark[] {
  if (!(error instanceof Refusal)) return []
  return error.fields.flatMap((f) => {
    if (!/^rule\b/.test(f.field)) return []
    const text = f.hint ? `${f.message}: ${f.hint}` : f.message
    const at = f.field.replace(/^rule\.?/, '')
    const placed = /^(.*?)\[(\d+):(\d+)\]\s*(.*)$/s.exec(text)
    if (placed) return [{ line: Number(placed[2]), column: Number(placed[3]), at, says: `${placed[1]}${placed[4]}` }]
    const lined = /^(.*?) \(line (\d+)\)$/s.exec(text)
    const line = lined ? Number(lined[2]) : lineOf(rule, at, text)
    return [{ line, column: (/^[\s-]*/.exec(rule.split('\n')[line - 1] ?? '')?.[0].length ?? 0) + 1, at, says: lined?.[1] ?? text }]
  })
}

/** The rule switched on or off, as a text that the API takes. */
export const switched = (r: Rule, on: boolean): string => {
  const rest: Record<string, unknown> = { ...(r.definition as Record<string, unknown>) }
  delete rest['disabled']
  return JSON.stringify(on ? rest : { ...rest, disabled: true })
}

export interface Example {
  id: string
  label: string
  about: string
  rule: string
}

/** Rules to begin with. What they name is to be changed. */
export const examples: Example[] = [
  {
    id: 'welcome', label: 'Welcome mail', about: 'An account is made in your app, and its owner is greeted.',
    rule: `name: Welcome
description: Greets new accounts
on:
  event: account.created
do:
- send:
    template: onboarding/welcome
`,
  },
  {
    id: 'bounce', label: 'Bounce alert', about: 'An address does not take mail any more, and whoever the email was from is told.',
    rule: `name: Bounce alert
description: Tells whoever an email was from that its recipient takes no mail
on:
  event: email.bounce
  class: hard
perHour: 20
do:
- send:
    template: internal/bounce-alert
    transactional: true
    mapping:
      email: $.message.from
`,
  },
  {
    id: 'goodbye', label: 'Unsubscribe', about: 'An account is closed, and its owner gets no more news.',
    rule: `name: Goodbye
description: Who closes an account gets no more news
on:
  event: account.closed
do:
- unsubscribe: {}
`,
  },
  {
    id: 'empty', label: 'Empty', about: 'The least that a rule needs.',
    rule: `name: ''
on:
  event: ''
do:
- send:
    template: ''
`,
  },
]
