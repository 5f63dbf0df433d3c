import { Heading } from '../components/ui'

export function Live() {
  return <Heading title="Live" />
}
