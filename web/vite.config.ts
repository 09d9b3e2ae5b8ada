/** Builds the dashboard into dist/web. Every address is relative, so the page works below any path of a proxy. */
import { defineConfig } from 'vite'

const here = decodeURIComponent(new URL('.', import.meta.url).pathname)

export default defineConfig({
  root: here,
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    // The polyfill would be an inline script; every browser of the target preloads modules by itself.
    modulePreload: { polyfill: false },
    // `font-src 'self'` and `style-src 'self'` leave no room for inlined assets.
    assetsInlineLimit: 0,
  },
})
