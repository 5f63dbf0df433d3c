import { expect, test } from 'vitest'
import { place } from './liquid-words'

test('what is offered depends on where in the language one writes', () => {
  const at = (before: string) => place(before)
  expect(at('<p>Hi ')).toBeUndefined()
  expect(at('<p>Hi {{ fir')).toEqual({ kind: 'variable', word: 'fir' })
  expect(at('<p>Hi {{ contact.e')).toEqual({ kind: 'variable', word: 'contact.e' })
  expect(at('{{ firstName | def')).toEqual({ kind: 'filter', word: 'def' })
  expect(at('{{ firstName | default: ')).toEqual({ kind: 'variable', word: '' })
  expect(at('{{ firstName | default: "the')).toBeUndefined()
  expect(at('{{ firstName | default: "there" | up')).toEqual({ kind: 'filter', word: 'up' })
  expect(at('{%- i')).toEqual({ kind: 'tag', word: 'i' })
  expect(at('{% if pl')).toEqual({ kind: 'variable', word: 'pl' })
  expect(at('{{ firstName }} and ')).toBeUndefined()
})
