import { Heading } from '../components/ui'

export function SourcePage() {
  return <Heading title="SourcePage" />
}
