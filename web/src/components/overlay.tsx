import { clsx } from 'clsx'
import { X } from 'lucide-react'
import { AlertDialog, Dialog as Base, Tooltip as Hint } from 'radix-ui'
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import { Button, Field, IconButton, Input, Problem } from './ui'

const shade = 'fixed inset-0 z-40 bg-black/40'
const sheet =
  'fixed top-1/2 left-1/2 z-50 max-h-[90vh] w-[calc(100vw-2rem)] -translate-1/2 overflow-y-auto rounded-xl border border-line bg-panel p-5 shadow-xl'

/** Gives the focus back to what had it before the window opened: whoever uses the keyboard goes on where they were. */
function useReturn(open: boolean) {
  const before = useRef<Element>(null)
  // A field of the window that takes the focus by itself has it before the window tells that it opened.
  useLayoutEffect(() => {
    if (open) before.current = document.activeElement
  }, [open])
  return (e: Event) => {
    e.preventDefault()
    if (before.current instanceof HTMLElement) before.current.focus()
  }
}

/** A window over the page. Escape and a click beside it close it. */
export function Dialog({ open, close, title, about, children, wide, stay }: {
  open: boolean
  close: () => void
  title: string
  about?: ReactNode
  children: ReactNode
  wide?: boolean
  /** A click beside it does not close it: what it shows is not shown again. */
  stay?: boolean
}) {
  const back = useReturn(open)
  return (
    <Base.Root open={open} onOpenChange={(now) => !now && close()}>
      <Base.Portal>
        <Base.Overlay className={shade} />
        <Base.Content onCloseAutoFocus={back} className={clsx(sheet, wide ? 'max-w-3xl' : 'max-w-lg')} onInteractOutside={(e) => stay && e.preventDefault()} {...(about ? {} : { 'aria-describedby': undefined })}>
          <div className="mb-3 flex items-start justify-between gap-4">
            <div>
              <Base.Title className="text-base font-semibold">{title}</Base.Title>
              {about && <Base.Description className="mt-1 text-sm text-soft">{about}</Base.Description>}
            </div>
            <IconButton label="Close" onClick={close} small>
              <X aria-hidden className="size-4" />
            </IconButton>
          </div>
          {children}
        </Base.Content>
      </Base.Portal>
    </Base.Root>
  )
}

/**
 * Asks before something that can't be taken back, or that others notice. What it will do is named; a note is asked for
 * where the server keeps one.
 */
export function Confirm({ open, close, title, children, act, verb, note, danger }: {
  open: boolean
  close: () => void
  title: string
  children: ReactNode
  act: (note: string) => Promise<unknown>
  verb: string
  note?: { label: string; help?: string; required?: boolean }
  danger?: boolean
}) {
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>()
  const back = useReturn(open)
  const end = () => {
    setText('')
    setProblem(undefined)
    close()
  }
  const go = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      await act(text.trim())
      end()
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <AlertDialog.Root open={open} onOpenChange={(now) => !now && !busy && end()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className={shade} />
        <AlertDialog.Content onCloseAutoFocus={back} className={clsx(sheet, 'max-w-lg')}>
          <AlertDialog.Title className="text-base font-semibold">{title}</AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="mt-2 flex flex-col gap-2 text-sm text-soft">{children}</div>
          </AlertDialog.Description>
          <form
            className="mt-4 flex flex-col gap-3"
            onSubmit={(e) => {
              e.preventDefault()
              // Else a form of the page that the question stands in is sent, too: leaving without saving would save.
              e.stopPropagation()
              void go()
            }}
          >
            {note && (
              <Field label={note.label} help={note.help}>
                {(props) => <Input {...props} value={text} onChange={(e) => setText(e.target.value)} autoFocus maxLength={500} />}
              </Field>
            )}
            {problem !== undefined && <Problem error={problem} />}
            <div className="flex justify-end gap-2">
              <AlertDialog.Cancel asChild>
                <Button>Cancel</Button>
              </AlertDialog.Cancel>
              <Button type="submit" kind={danger ? 'danger' : 'main'} busy={busy} disabled={note?.required && text.trim() === ''}>
                {verb}
              </Button>
            </div>
          </form>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

/** Says more when pointed at or focused. */
export function Tooltip({ says, children }: { says: ReactNode; children: ReactNode }) {
  return (
    <Hint.Root>
      <Hint.Trigger asChild>{children}</Hint.Trigger>
      <Hint.Portal>
        <Hint.Content sideOffset={6} collisionPadding={8} className="z-50 max-w-xs rounded-md bg-ink px-2.5 py-1.5 text-xs text-page shadow-lg">
          {says}
        </Hint.Content>
      </Hint.Portal>
    </Hint.Root>
  )
}

export const Tooltips = ({ children }: { children: ReactNode }) => <Hint.Provider delayDuration={250}>{children}</Hint.Provider>
