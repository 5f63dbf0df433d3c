import { Heading } from '../components/ui'

export function ReceiptPage() {
  return <Heading title="ReceiptPage" />
}
