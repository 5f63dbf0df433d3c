import { Heading } from '../components/ui'

export function Receipts() {
  return <Heading title="Receipts" />
}
