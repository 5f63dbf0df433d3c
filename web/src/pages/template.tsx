import { Heading } from '../components/ui'

export function TemplatePage() {
  return <Heading title="TemplatePage" />
}
