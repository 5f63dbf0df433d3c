// Before anything is drawn: the theme that was chosen here, else the system's.
;(function () {
  var chosen = null
  try {
    chosen = localStorage.getItem('theme')
  } catch (e) {}
  var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
})()
