/** The words of the template language, as docs/templates.md has them. */

export const tags = [
  'if', 'elsif', 'else', 'endif', 'unless', 'endunless', 'case', 'when', 'endcase', 'for', 'endfor', 'break', 'continue', 'tablerow', 'endtablerow', 'cycle',
  'assign', 'capture', 'endcapture', 'increment', 'decrement', 'echo', 'liquid', 'raw', 'endraw', 'comment', 'endcomment',
]

const of = (about: string, words: string) => words.split(' ').map((label) => ({ label, about }))

export const filters = [
  { label: 'default', about: 'what to show where there is nothing' },
  { label: 'date', about: 'a date: "%d %B %Y"' },
  { label: 'raw', about: 'as it is, not escaped' },
  ...of('text', 'append prepend capitalize downcase upcase strip lstrip rstrip strip_newlines normalize_whitespace remove remove_first remove_last replace replace_first replace_last split slice truncate truncatewords number_of_words slugify url_encode url_decode cgi_escape uri_escape base64_encode base64_decode'),
  ...of('HTML', 'escape escape_once xml_escape newline_to_br strip_html'),
  ...of('number', 'plus minus times divided_by modulo abs ceil floor round at_least at_most to_integer'),
  ...of('list', 'join first last size map where reject find find_index has sort sort_natural reverse uniq compact concat push pop shift unshift sum group_by array_to_sentence_string'),
  ...of('date', 'date_to_string date_to_long_string date_to_xmlschema date_to_rfc822'),
  ...of('JSON', 'json jsonify inspect'),
]

/** What every template may ask for, whoever it goes to. */
export const always = [
  { label: 'email', about: 'the contact’s address' },
  { label: 'unsubscribeUrl', about: 'one click ends the contact’s mail' },
  { label: 'manageUrl', about: 'the page of preferences' },
  { label: 'currentYear', about: 'the year of today' },
  { label: 'contact.id', about: 'the contact’s id' },
  { label: 'contact.email', about: 'the contact’s address' },
  { label: 'contact.subscribed', about: 'whether it gets newsletters' },
  { label: 'event.name', about: 'the event that led to it' },
  { label: 'workflow.name', about: 'where a workflow sends it' },
  { label: 'execution.id', about: 'where a workflow sends it' },
]

/** What is being written before the cursor: a filter, a tag, a variable, or none of the language. */
export function place(before: string): { kind: 'filter' | 'tag' | 'variable'; word: string } | undefined {
  const [output, tag] = [before.lastIndexOf('{{'), before.lastIndexOf('{%')]
  const from = Math.max(output, tag)
  if (from < 0) return undefined
  const inside = before.slice(from + 2)
  if (/\}\}|%\}/.test(inside)) return undefined
  // Within a text there is nothing to offer.
  if (/^[^"']*(?:"[^"]*"[^"']*|'[^']*'[^"']*)*["'][^"']*$/.test(inside)) return undefined
  const word = /[\w.]*$/.exec(inside)?.[0] ?? ''
  const rest = inside.slice(0, inside.length - word.length)
  if (/\|\s*$/.test(rest)) return { kind: 'filter', word }
  if (tag > output && /^-?\s*$/.test(rest)) return { kind: 'tag', word }
  return { kind: 'variable', word }
}
