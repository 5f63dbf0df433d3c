import { clsx } from 'clsx'
import { AlertTriangle, LoaderCircle } from 'lucide-react'
import type { ButtonHTMLAttributes, InputHTMLAttributes, ReactNode, SelectHTMLAttributes, TextareaHTMLAttributes } from 'react'
import { useId } from 'react'
import { Refusal } from '../api/client'
import { capital, sentence } from '../lib/format'

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'info' | 'violet' | 'accent'

const inks: Record<Tone, string> = {
  plain: 'text-soft', good: 'text-good', warn: 'text-warn', bad: 'text-bad', info: 'text-info', violet: 'text-violet',
  accent: 'text-accent',
}

const grounds: Record<Tone, string> = {
  plain: 'bg-raised text-soft', good: 'bg-good/10 text-good', warn: 'bg-warn/10 text-warn', bad: 'bg-bad/10 text-bad',
  info: 'bg-info/10 text-info', violet: 'bg-violet/10 text-violet', accent: 'bg-accent/5 text-accent ring-1 ring-accent/20 ring-inset',
}

export const ink = (tone: Tone) => inks[tone]

export function Badge({ tone = 'plain', children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span title={title} className={clsx('inline-flex items-center gap-1 rounded px-1.5 py-px text-xs font-medium whitespace-nowrap', grounds[tone])}>
      {children}
    </span>
  )
}

const buttons = {
  main: 'bg-accent text-on-accent hover:brightness-95 border-transparent',
  plain: 'bg-panel hover:bg-raised border-line',
  quiet: 'border-transparent hover:bg-raised text-soft hover:text-ink',
  danger: 'border-transparent bg-bad text-panel hover:brightness-95',
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: keyof typeof buttons
  busy?: boolean
  small?: boolean
}

/** While it is busy it can't be pressed again. */
export function Button({ kind = 'plain', busy, small, className, children, disabled, type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={clsx(
        'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap transition-colors disabled:opacity-50',
        small ? 'h-7 px-2 text-xs' : 'h-8 px-3 text-sm',
        buttons[kind],
        className,
      )}
      {...rest}
    >
      {busy && <LoaderCircle aria-hidden className="size-3.5 animate-spin" />}
      {children}
    </button>
  )
}

/** A button that is an icon alone: its label is for screen readers, and shown when pointed at. */
export function IconButton({ label, children, ...rest }: { label: string } & ButtonProps) {
  return (
    <Button kind="quiet" aria-label={label} title={label} className="w-8 px-0!" {...rest}>
      {children}
    </Button>
  )
}

const box = 'rounded-md border border-line bg-panel px-2.5 text-sm placeholder:text-soft/80 focus-visible:outline-offset-0 aria-invalid:border-bad'

export function Input({ className, ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  return <input className={clsx(box, 'h-8 min-w-0', className)} {...rest} />
}

export function TextArea({ className, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return <textarea className={clsx(box, 'py-1.5', className)} {...rest} />
}

export function Select({ className, children, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <select className={clsx(box, 'h-8 pr-7', className)} {...rest}>
      {children}
    </select>
  )
}

/** A label, what it is about, and what is wrong with it. The control gets its id and what describes it. */
export function Field({ label, help, problem, children }: {
  label: string
  help?: ReactNode
  problem?: string | undefined
  children: (props: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean | undefined }) => ReactNode
}) {
  const id = useId()
  const described = problem ? `${id}-problem` : help ? `${id}-help` : undefined
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium">{label}</label>
      {children({ id, 'aria-describedby': described, 'aria-invalid': problem ? true : undefined })}
      {problem ? (
        <p id={`${id}-problem`} className="text-xs text-bad">{problem}</p>
      ) : (
        help && <p id={`${id}-help`} className="text-xs text-soft">{help}</p>
      )}
    </div>
  )
}

export function Card({ title, action, children, className, flush }: {
  title?: ReactNode
  action?: ReactNode
  children: ReactNode
  className?: string
  flush?: boolean
}) {
  return (
    <section className={clsx('min-w-0 rounded-lg border border-line bg-panel', className)}>
      {title && (
        <header className="flex min-h-11 flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-2">
          <h2 className="text-sm font-semibold">{title}</h2>
          {action}
        </header>
      )}
      <div className={flush ? '' : 'p-4'}>{children}</div>
    </section>
  )
}

/** The head of a page: where one is, and what can be done here. */
export function Heading({ title, about, children }: { title: ReactNode; about?: ReactNode; children?: ReactNode }) {
  return (
    <div className="flex flex-wrap items-end justify-between gap-3">
      <div className="min-w-0">
        <h1 className="truncate text-xl font-semibold tracking-tight">{title}</h1>
        {about && <p className="mt-0.5 max-w-3xl text-sm text-soft">{about}</p>}
      </div>
      {children && <div className="flex flex-wrap items-center gap-2">{children}</div>}
    </div>
  )
}

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={clsx('animate-pulse rounded bg-raised', className)} />
}

/** Lines that are still being fetched. */
export function Loading({ lines = 6 }: { lines?: number }) {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-2 p-4">
      {Array.from({ length: lines }, (_, i) => (
        <Skeleton key={i} className="h-6" />
      ))}
    </div>
  )
}

/** What one sees where there is nothing yet: what would be here, and the next step. */
export function Empty({ icon, title, children, action }: { icon?: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-12 text-center">
      {icon && <div aria-hidden className="text-soft [&_svg]:size-7">{icon}</div>}
      <p className="font-medium">{title}</p>
      {children && <div className="max-w-md text-sm text-soft">{children}</div>}
      {action && <div className="mt-2 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  )
}

/** What went wrong and what to do, as the server says it. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const refused = error instanceof Refusal ? error : undefined
  return (
    <div role="alert" className="flex items-start gap-3 rounded-lg border border-bad/40 bg-bad/5 px-4 py-3 text-sm">
      <AlertTriangle aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{sentence(error instanceof Error ? error.message : String(error))}</p>
        {refused?.fields.map((f) => {
          // What the first line says already is not said twice.
          const text = refused.message.includes(f.message) ? f.hint : [f.message, f.hint].filter(Boolean).join(': ')
          return text && (
            <p key={f.field} className="text-soft">
              <code className="font-mono text-xs">{f.field}</code>: {text}
            </p>
          )
        })}
        {refused?.hint && refused.fields.length === 0 && <p className="text-soft">{capital(refused.hint)}</p>}
        {refused && refused.status >= 500 && refused.request && (
          <p className="text-soft">Request <code className="font-mono text-xs">{refused.request}</code> in the server's log says more.</p>
        )}
      </div>
      {retry && <Button small onClick={retry}>Try again</Button>}
    </div>
  )
}

/** A term and what it is, one under the other. */
export function Facts({ children, wide }: { children: ReactNode; wide?: boolean }) {
  return (
    <dl className={clsx('grid gap-x-6 gap-y-3', wide ? 'sm:grid-cols-2 xl:grid-cols-4' : 'sm:grid-cols-2')}>{children}</dl>
  )
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (children === undefined || children === null || children === false || children === '') return null
  return (
    <div className="min-w-0">
      <dt className="text-xs text-soft">{name}</dt>
      <dd className="break-words">{children}</dd>
    </div>
  )
}

/** A link that looks like a button. */
export const linked = 'inline-flex h-8 items-center gap-1.5 rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised'
