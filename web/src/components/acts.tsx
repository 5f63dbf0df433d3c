import { useQuery } from '@tanstack/react-query'
import { contactActs } from '../api/mail'
import { Mono, Time } from './bits'

/** addSuppression as "add suppression" */
const spoken = (operation: string) => operation.replace(/[A-Z]/g, (l) => ` ${l.toLowerCase()}`)

/** Who did what with a contact, newest first. Nothing where nobody did anything, or where one may not read the audit log. */
export function Acts({ contact }: { contact: string }) {
  const acts = useQuery(contactActs(contact)).data
  if (!acts || acts.length === 0) return null
  return (
    <ul className="divide-y divide-line">
      {acts.map((a) => (
        <li key={a.id} className="py-2 text-sm first:pt-0 last:pb-0">
          <p>{spoken(a.operation)} <span className="text-soft">by <Mono>{a.by}</Mono> through {a.door}</span></p>
          <p className="text-xs text-soft [overflow-wrap:anywhere]"><Time at={a.at} />{a.note && `: ${a.note}`}</p>
        </li>
      ))}
    </ul>
  )
}
