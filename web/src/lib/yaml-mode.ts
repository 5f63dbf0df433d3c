import type { StreamParser } from '@codemirror/language'

interface State {
  /** Whether a value has begun in this line */
  value: boolean
}

/** Enough of YAML to tell its parts apart: keys, texts, numbers, marks and comments. */
export const yaml: StreamParser<State> = {
  name: 'yaml',
  startState: () => ({ value: false }),
  copyState: (s) => ({ ...s }),
  languageData: { commentTokens: { line: '#' } },
  token(stream, state) {
    if (stream.sol()) state.value = false
    if (stream.eatSpace()) return null
    if (stream.match(/^#.*/)) return 'comment'
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^'(?:[^']|'')*'?/)) {
      if (!/^\s*:(\s|$)/.test(stream.string.slice(stream.pos))) return 'string'
      return 'attributeName'
    }
    if (stream.match(/^-(?=\s|$)/) || stream.match(/^[{}[\],]/)) {
      if (/[{,]$/.test(stream.current())) state.value = false
      return 'meta'
    }
    if (!state.value && stream.match(/^[\w$.-]+(?=\s*:(\s|$))/)) {
      state.value = true
      return 'attributeName'
    }
    if (stream.match(/^:/)) return 'meta'
    if (stream.match(/^(true|false|null|~)(?=[\s,}\]]|$)/)) return 'bool'
    if (stream.match(/^-?\d+(\.\d+)?[smhd]?(?=[\s,}\]]|$)/)) return 'number'
    if (stream.match(/^[^\s#,{}[\]]+/)) return 'string'
    stream.next()
    return null
  },
}
