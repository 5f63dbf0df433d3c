import { Heading } from '../components/ui'

export function Keys() {
  return <Heading title="Keys" />
}
