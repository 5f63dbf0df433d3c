import { clsx } from 'clsx'
import { Ellipsis } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { Fragment, type ReactNode } from 'react'

export interface Item {
  label: string
  icon?: ReactNode
  act: () => void
  danger?: boolean
  /** A line above it */
  apart?: boolean
}

/** What is done seldom, behind one button. */
export function More({ label, items }: { label: string; items: Item[] }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger aria-label={label} title={label}
        className="inline-flex h-8 w-8 items-center justify-center rounded-md border border-line bg-panel hover:bg-raised">
        <Ellipsis aria-hidden className="size-4" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={4} collisionPadding={8} className="z-30 min-w-52 rounded-lg border border-line bg-panel p-1 shadow-xl">
          {items.map((item) => (
            <Fragment key={item.label}>
              {item.apart && <DropdownMenu.Separator className="my-1 h-px bg-line" />}
              <DropdownMenu.Item onSelect={item.act}
                className={clsx('flex cursor-pointer items-center gap-2 rounded px-2 py-1.5 text-sm outline-none data-highlighted:bg-raised [&_svg]:size-4', item.danger && 'text-bad')}>
                {item.icon}
                {item.label}
              </DropdownMenu.Item>
            </Fragment>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
