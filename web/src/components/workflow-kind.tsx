import { CalendarClock, Clock, GitFork, Hand, Hourglass, Layers, LogOut, type LucideIcon, Mail, Split, UserPen, Waypoints, Webhook, Zap } from 'lucide-react'
import type { Kind, Trigger } from '../lib/workflow-draft'
import { triggerKind } from '../lib/workflow-words'
import { ink, type Tone } from './ui'
import { clsx } from 'clsx'

/** How each kind of step is told from the others. */
export const looks: Record<Kind, { icon: LucideIcon; tone: Tone }> = {
  send: { icon: Mail, tone: 'accent' }, wait: { icon: Clock, tone: 'plain' }, waitFor: { icon: Hourglass, tone: 'info' }, if: { icon: GitFork, tone: 'violet' },
  choice: { icon: Waypoints, tone: 'violet' }, split: { icon: Split, tone: 'violet' }, update: { icon: UserPen, tone: 'good' }, webhook: { icon: Webhook, tone: 'warn' }, exit: { icon: LogOut, tone: 'bad' },
}

export function KindIcon({ kind, className }: { kind: Kind | undefined; className?: string }) {
  const { icon: Icon, tone } = kind ? looks[kind] : { icon: Waypoints, tone: 'plain' as Tone }
  return <Icon aria-hidden className={clsx('size-4 shrink-0', ink(tone), className)} />
}

const triggers = { event: Zap, segment: Layers, schedule: CalendarClock, manual: Hand } as const

export function TriggerIcon({ trigger, className }: { trigger: Trigger; className?: string }) {
  const Icon = triggers[triggerKind(trigger)]
  return <Icon aria-hidden className={clsx('size-4 shrink-0 text-accent', className)} />
}
