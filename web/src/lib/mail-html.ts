/** A link of an email: the words that one would press, and where it leads. */
export interface MailLink {
  words: string
  href: string
}

/** An email's HTML as it may be shown, and what was taken out of it. */
export interface Shown {
  html: string
  links: MailLink[]
  /** Pictures that would have been fetched from elsewhere: to look at them would tell that it was looked at. */
  remote: number
}

const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`

const clean = (text: string) => text.replace(/\s+/g, ' ').trim()

/** Styles without what they would fetch, also where a letter of it is written as its number. */
const still = (css: string) => css.replace(/\\[0-9a-f]{1,6}\s?/gi, '').replace(/@import[^;]*;?/gi, '').replace(/url\s*\((?!\s*['"]?data:)[^)]*\)/gi, 'none')

/**
 * Makes the HTML of an email fit to be shown in a frame without any rights: nothing in it runs, is fetched or leads
 * anywhere. Links keep their looks and are listed. The frame's sandbox would stop all of it, too; what is taken out here
 * need not be stopped there. inline gives the picture of a Content-ID as a data: address.
 */
export function shownMail(html: string, inline: (id: string) => string | undefined = () => undefined): Shown {
  // A parsed document that is in no window runs and fetches nothing.
  const doc = new DOMParser().parseFromString(html, 'text/html')
  const links: MailLink[] = []
  let remote = 0
  doc.querySelectorAll('script, iframe, frame, object, embed, link, base, meta, form > input[type=hidden], audio, video, source, svg script, template').forEach((e) => e.remove())
  for (const e of doc.querySelectorAll('*')) {
    for (const { name } of [...e.attributes]) if (/^on|^(ping|action|formaction|srcset|background|poster|target|autofocus)$/i.test(name)) e.removeAttribute(name)
    const style = e.getAttribute('style')
    if (style) e.setAttribute('style', still(style))
  }
  doc.querySelectorAll('style').forEach((s) => {
    s.textContent = still(s.textContent ?? '')
  })
  doc.querySelectorAll('a, area').forEach((a) => {
    const href = a.getAttribute('href') ?? a.getAttribute('xlink:href')
    a.removeAttribute('href')
    a.removeAttribute('xlink:href')
    if (!href) return
    // Without an address it would not look like a link any more. What the email itself says of its links comes later, and wins.
    a.classList.add('tidings-link')
    links.push({ words: clean(a.textContent ?? '') || clean(a.querySelector('img')?.getAttribute('alt') ?? '') || 'a picture', href: href.trim() })
  })
  doc.querySelectorAll('image, use').forEach((e) => {
    e.removeAttribute('href')
    e.removeAttribute('xlink:href')
  })
  doc.querySelectorAll('img, input[type=image]').forEach((img) => {
    const src = img.getAttribute('src')?.trim() ?? ''
    const own = src.toLowerCase().startsWith('cid:') ? inline(src.slice(4)) : src.toLowerCase().startsWith('data:image/') ? src : undefined
    if (own) return img.setAttribute('src', own)
    img.removeAttribute('src')
    if (src === '') return
    remote++
    // What is as small as a pixel is there to be counted and not to be seen.
    if (Number(img.getAttribute('width')) <= 1 && Number(img.getAttribute('height')) <= 1 && img.getAttribute('width')) return img.remove()
    const box = doc.createElement('span')
    box.textContent = clean(img.getAttribute('alt') ?? '') || 'picture'
    const width = Number(img.getAttribute('width'))
    box.setAttribute('style', `display:inline-block;box-sizing:border-box;max-width:100%;${width > 1 && width < 2000 ? `width:${width}px;` : ''}padding:4px 8px;border:1px dashed #8a8f98;color:#5b6068;background:#f4f5f7;font:12px sans-serif;text-align:center`)
    img.replaceWith(box)
  })
  return { html: `<!doctype html><html><head>${policy}<style>.tidings-link{color:#1a56c4;text-decoration:underline}</style>${doc.head.innerHTML}</head>${doc.body.outerHTML}</html>`, links, remote }
}

/** Pictures that an email has with it, by Content-ID, out of its raw text. What can't be read is left out. */
export function inlinePictures(raw: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const part of raw.split(/\r?\n--[^\r\n]+\r?\n/)) {
    const at = part.search(/\r?\n\r?\n/)
    if (at < 0) continue
    const head = part.slice(0, at).replace(/\r?\n[ \t]+/g, ' ')
    const id = /^content-id:\s*<?([^>\r\n]+?)>?\s*$/im.exec(head)?.[1]
    const type = /^content-type:\s*(image\/[a-z0-9.+-]+)/im.exec(head)?.[1]
    if (!id || !type || type.toLowerCase() === 'image/svg+xml' || !/^content-transfer-encoding:\s*base64/im.test(head)) continue
    const data = part.slice(at).split(/\r?\n--/)[0]?.replace(/\s+/g, '') ?? ''
    if (/^[A-Za-z0-9+/]+=*$/.test(data)) found.set(id, `data:${type};base64,${data}`)
  }
  return found
}
