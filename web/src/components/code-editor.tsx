import { autocompletion, closeBrackets, closeBracketsKeymap, type Completion, type CompletionContext, completionKeymap, type CompletionResult } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { htmlCompletionSource } from '@codemirror/lang-html'
import { liquid } from '@codemirror/lang-liquid'
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, StreamLanguage, syntaxHighlighting } from '@codemirror/language'
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, type Text } from '@codemirror/state'
import { drawSelection, dropCursor, EditorView, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view'
import { tags as t } from '@lezer/highlight'
import { clsx } from 'clsx'
import { useEffect, useRef } from 'react'
import { always, filters, place, tags } from '../lib/liquid-words'
import { yaml as yamlMode } from '../lib/yaml-mode'

/** Something that is wrong or doubtful at a place of the text. Lines and columns count from 1, columns in characters. */
export interface Mark {
  line: number
  column: number
  says: string
  severity: 'error' | 'warning'
}

export interface Offer {
  label: string
  about?: string
}

/** Where the cursor is to go; each wish is an object of its own. */
export interface Jump {
  line: number
  column: number
}

const look = EditorView.theme({
  '&': { fontSize: '12.5px', backgroundColor: 'var(--panel)', color: 'var(--ink)', height: '100%' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '1.55', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '8px 0' },
  // The lines wrap, so that nothing goes by beneath: the frame that shows the focus is seen all around.
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--soft)', border: 'none' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--ink)' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'color-mix(in srgb, var(--accent) 25%, transparent)' },
  '.cm-selectionMatch, &.cm-focused .cm-matchingBracket': { backgroundColor: 'color-mix(in srgb, var(--accent) 18%, transparent)' },
  '&:not(.cm-focused) .cm-matchingBracket': { backgroundColor: 'transparent' },
  '.cm-tooltip': { backgroundColor: 'var(--panel)', color: 'var(--ink)', border: '1px solid var(--line)', borderRadius: '6px', boxShadow: '0 8px 24px rgb(0 0 0 / 0.15)', maxWidth: 'min(28rem, 90vw)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--raised)', color: 'var(--ink)' },
  '.cm-completionDetail': { color: 'var(--soft)', fontStyle: 'normal', marginLeft: '1em' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '600' },
  '.cm-diagnostic': { padding: '6px 10px', fontFamily: 'var(--font-sans)', fontSize: '13px', borderLeft: '3px solid var(--bad)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--warn)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad)', textDecorationSkipInk: 'none' },
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecoration: 'underline wavy var(--warn)', textDecorationSkipInk: 'none' },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--ink)', borderColor: 'var(--line)' },
  '.cm-panel input, .cm-panel button': { font: 'inherit' },
  '.cm-textfield': { backgroundColor: 'var(--panel)', color: 'var(--ink)', border: '1px solid var(--line)', borderRadius: '4px' },
  '.cm-button': { backgroundImage: 'none', backgroundColor: 'var(--panel)', color: 'var(--ink)', border: '1px solid var(--line)', borderRadius: '4px' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--raised)', border: 'none', color: 'var(--soft)' },
})

const colours = HighlightStyle.define([
  { tag: [t.tagName, t.angleBracket], color: 'var(--info)' },
  { tag: t.attributeName, color: 'var(--violet)' },
  { tag: [t.attributeValue, t.string], color: 'var(--good)' },
  { tag: [t.keyword, t.controlKeyword, t.operatorKeyword, t.modifier], color: 'var(--bad)' },
  { tag: [t.brace, t.processingInstruction, t.variableName, t.propertyName], color: 'var(--accent)' },
  { tag: [t.function(t.variableName), t.labelName], color: 'var(--violet)' },
  { tag: [t.number, t.bool, t.unit, t.atom], color: 'var(--warn)' },
  { tag: [t.comment, t.meta], color: 'var(--soft)', fontStyle: 'italic' },
  { tag: t.invalid, color: 'var(--bad)' },
])

/** Where a line and column of the server's lie: it counts characters, the editor units of UTF-16. */
function offset(doc: Text, line: number, column: number): number {
  const l = doc.line(Math.min(Math.max(line, 1), doc.lines))
  const before = [...l.text].slice(0, Math.max(column - 1, 0)).join('').length
  return Math.min(l.from + before, l.to)
}

/** What a mark is drawn under: the tag or output that begins there, else a word. */
function diagnostics(doc: Text, marks: Mark[]): Diagnostic[] {
  return marks.map((m) => {
    const from = offset(doc, m.line, m.column)
    const line = doc.lineAt(from)
    const found = /^(\{\{.*?\}\}|\{%.*?%\}|<[^>]*>?|[\w.]+|.)/.exec(line.text.slice(from - line.from))
    return { from, to: Math.min(from + (found?.[0].length ?? 0), line.to), severity: m.severity, message: m.says }
  }).sort((a, b) => a.from - b.from)
}

const completions = (list: Offer[], type: string): Completion[] => list.map((o) => ({ label: o.label, type, ...(o.about ? { detail: o.about } : {}) }))

/** Offers variables, filters and tags within the language, and HTML outside of it. */
const offers = (variables: () => Offer[], html: boolean) => (context: CompletionContext): CompletionResult | null | Promise<CompletionResult | null> => {
  const at = place(context.state.sliceDoc(Math.max(0, context.pos - 2000), context.pos))
  if (!at) return html ? htmlCompletionSource(context) : null
  if (at.word === '' && !context.explicit && at.kind === 'variable' && !/\{\{-?\s*$/.test(context.state.sliceDoc(Math.max(0, context.pos - 4), context.pos))) return null
  const options = at.kind === 'filter' ? completions(filters, 'function')
    : at.kind === 'tag' ? completions(tags.map((label) => ({ label })), 'keyword')
    : completions([...variables(), ...always], 'variable')
  // What is known may change while one types, such as the data that would come with the send.
  const asked = variables()
  return { from: context.pos - at.word.length, options, validFor: (text) => /^[\w.]*$/.test(text) && asked === variables() }
}

/** Offers the words of a text that has no variables, such as the fields of a rule. */
const words = (list: () => Offer[]) => (context: CompletionContext): CompletionResult | null => {
  const word = context.matchBefore(/[\w.$/-]+/)
  return word || context.explicit ? { from: word?.from ?? context.pos, options: completions(list(), 'property'), validFor: /^[\w.$/-]*$/ } : null
}

/** Writes HTML or text with Liquid, or YAML. What the server says of it stands at its place. */
export function CodeEditor({ value, change, marks, variables, readOnly, label, html, yaml, jump, invalid }: {
  value: string
  change: (to: string) => void
  marks: Mark[]
  variables: Offer[]
  readOnly?: boolean
  label: string
  html?: boolean
  yaml?: boolean
  jump?: Jump | undefined
  invalid?: boolean
}) {
  const frame = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  // What the editor asks of the page is asked as the page is then, not as it was when the editor was made.
  const now = useRef({ change, variables })
  now.current = { change, variables }
  const first = useRef({ value, label, html, yaml, readOnly })
  const named = useRef(new Compartment())
  useEffect(() => {
    if (!frame.current) return
    const { value, html, yaml, readOnly } = first.current
    const made = new EditorView({
      parent: frame.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          lineNumbers(), foldGutter(), highlightActiveLineGutter(), highlightSpecialChars(), history(), drawSelection(), dropCursor(), indentOnInput(),
          bracketMatching(), closeBrackets(), highlightSelectionMatches(), search({ top: true }), lintGutter(), EditorView.lineWrapping, look,
          syntaxHighlighting(colours), yaml ? StreamLanguage.define(yamlMode) : liquid(),
          autocompletion({ override: [yaml ? words(() => now.current.variables) : offers(() => now.current.variables, html ?? false)], icons: false }),
          // Tab is not taken: by it one leaves the editor.
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap]),
          EditorState.readOnly.of(readOnly ?? false), EditorView.editable.of(!readOnly),
          named.current.of([]),
          EditorView.updateListener.of((u) => { if (u.docChanged) now.current.change(u.state.doc.toString()) }),
        ],
      }),
    })
    view.current = made
    return () => {
      view.current = null
      made.destroy()
    }
  }, [])
  useEffect(() => {
    view.current?.dispatch({
      effects: named.current.reconfigure(EditorView.contentAttributes.of({
        'aria-label': label, 'aria-invalid': String(invalid ?? false), spellcheck: 'false', autocapitalize: 'off', translate: 'no', tabindex: '0', ...(readOnly ? { 'aria-readonly': 'true' } : {}),
      })),
    })
  }, [label, invalid, readOnly])
  useEffect(() => {
    const v = view.current
    // A version that was brought back, or a layout, takes the place of what stood there.
    if (v && v.state.doc.toString() !== value && v.state.doc.toString() !== value.replace(/\r\n?/g, '\n')) v.dispatch({ changes: { from: 0, to: v.state.doc.length, insert: value } })
  }, [value])
  useEffect(() => {
    const v = view.current
    if (v) v.dispatch(setDiagnostics(v.state, diagnostics(v.state.doc, marks)))
  }, [marks])
  useEffect(() => {
    const v = view.current
    if (!v || !jump) return
    const at = offset(v.state.doc, jump.line, jump.column)
    v.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
    v.focus()
  }, [jump])
  return <div ref={frame} className={clsx(yaml ? 'h-[26rem]' : 'h-[34rem]', 'max-h-[75dvh] min-h-60 min-w-0 overflow-hidden rounded-b-md [&_.cm-editor]:h-full')} />
}
