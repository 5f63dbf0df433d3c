import { Heading } from '../components/ui'

export function MessagePage() {
  return <Heading title="MessagePage" />
}
