import { Heading } from '../components/ui'

export function Sources() {
  return <Heading title="Sources" />
}
