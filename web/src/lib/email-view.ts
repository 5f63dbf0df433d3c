/** A link of an email: what people read, and where it leads. */
export interface EmailLink {
  text: string
  href: string
}

export interface EmailImage {
  alt: string | null
  src: string
}

/** An email as it may be looked at: nothing of it runs, leads away or fetches anything. */
export interface View {
  html: string
  links: EmailLink[]
  images: EmailImage[]
  /** Whether it has styles of its own for readers that are dark */
  dark: boolean
}

const scheme = (name: string) => new RegExp(`\\(\\s*prefers-color-scheme\\s*:\\s*${name}\\s*\\)`, 'gi')

/** Styles without what they fetch, and with the colours that were chosen instead of the browser's own. */
const still = (css: string, dark: boolean) =>
  css.replace(/@import[^;]*;?/gi, '').replace(/url\((?!\s*['"]?data:)[^)]*\)/gi, 'none')
    .replace(scheme('dark'), dark ? '(min-width: 0px)' : '(max-width: 0px)').replace(scheme('light'), dark ? '(max-width: 0px)' : '(min-width: 0px)')

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** What stands for an image: the pages load nothing from elsewhere. Its alt text is what many readers see first. */
function stand(alt: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="240" height="96"><rect width="100%" height="100%" fill="#9aa0aa" fill-opacity=".25"/>`
    + `<text x="50%" y="50%" text-anchor="middle" dominant-baseline="middle" font-family="sans-serif" font-size="13" fill="#6b7280">${escaped(alt || 'image')}</text></svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}

const gone = 'script, link, base, iframe, frame, object, embed, applet, portal, audio, video, meta[http-equiv], meta[data-was], meta[name="color-scheme"], meta[name="supported-color-schemes"]'

/** A place of the frame's own document that is not there: a link by its look, which does nothing. */
const nowhere = 'about:srcdoc#_'

/** Attributes that fetch something or do something. */
const acting = /^(on|target$|srcset$|background$|formaction$|action$|ping$|poster$|xlink:href$|autofocus$)/i

const tag = /<[a-z](?:"[^"]*"|'[^']*'|[^"'>])*>/gi
const loud = /("[^"]*"|'[^']*')|(?<=[\s/"'])(?:on[a-z]+|http-equiv)(?=\s*=)/gi

/** Takes the names of what browsers complain of while they only read it: handlers of events, and a base of addresses. */
const quiet = (html: string) =>
  html.replace(/<base(?=[\s/>])/gi, '<link').replace(tag, (t) => t.replace(loud, (_, quoted: string | undefined) => quoted ?? 'data-was'))

/**
 * Makes an email safe and quiet to look at in a frame without rights: the frame alone would keep its scripts from running, and the
 * policy of the pages its images from being fetched; without both here, the browser would complain of each.
 */
export function viewOf(html: string, dark: boolean): View {
  const doc = new DOMParser().parseFromString(quiet(html), 'text/html')
  const links = [...doc.querySelectorAll('a[href]')].map((a) => ({
    text: (a.textContent ?? '').replace(/\s+/g, ' ').trim() || [...a.querySelectorAll('img')].map((i) => i.alt).filter(Boolean).join(' '),
    href: a.getAttribute('href') ?? '',
  }))
  const images = [...doc.querySelectorAll('img')].map((i) => ({ alt: i.getAttribute('alt'), src: i.getAttribute('src') ?? '' }))
  const hasDark = [...doc.querySelectorAll('style')].some((s) => scheme('dark').test(s.textContent ?? ''))
  const asDark = dark && hasDark
  doc.querySelectorAll(gone).forEach((e) => e.remove())
  doc.querySelectorAll('style').forEach((s) => { s.textContent = still(s.textContent ?? '', asDark) })
  for (const e of doc.querySelectorAll('*')) {
    for (const name of e.getAttributeNames()) if (acting.test(name)) e.removeAttribute(name)
    const style = e.getAttribute('style')
    if (style && /url\(|@import/i.test(style)) e.setAttribute('style', still(style, asDark))
    if (e instanceof HTMLImageElement || e.tagName === 'IMG') {
      const src = e.getAttribute('src') ?? ''
      if (!/^data:image\/(png|jpeg|gif|webp)[;,]/i.test(src)) e.setAttribute('src', stand(e.getAttribute('alt') ?? ''))
    } else if (e.hasAttribute('src')) e.removeAttribute('src')
    // A press leads nowhere; pointed at, it tells where it would lead.
    if (e.tagName === 'A' && e.hasAttribute('href')) {
      e.setAttribute('title', e.getAttribute('href') ?? '')
      e.setAttribute('href', nowhere)
    } else if (e.hasAttribute('href')) e.removeAttribute('href')
    // A form is no part of an email, and would be sent by Enter.
    if (e.tagName === 'FORM') e.replaceWith(...e.childNodes)
  }
  const ground = doc.createElement('style')
  ground.textContent = asDark ? ':root { color-scheme: dark; background: #1c1c1e; }' : ':root { color-scheme: light; background: #fff; }'
  doc.head.prepend(ground)
  return { html: `<!doctype html>${doc.documentElement.outerHTML}`, links, images, dark: hasDark }
}
