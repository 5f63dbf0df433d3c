import { Heading } from '../components/ui'

export function ContactPage() {
  return <Heading title="ContactPage" />
}
