/** What somebody hands in: is it a log, or an nginx configuration? */

const NAMES = /\.conf(?:\.\w+)?$|^nginx-?T?\.(?:txt|dump)$/i
const DUMP = /^# configuration file \S/m
const BLOCK = /^\s*(?:http|events|server|stream|upstream\s+\S+|map\s+\S+\s+\S+|location\s[^{};\n]*)\s*\{\s*(?:#.*)?$/m

/** By its name, else by how it begins (a few KB are enough). A guess that the reader can correct. */
export function fieldOf(name: string, start: string): 'log' | 'config' {
  if (DUMP.test(start)) return 'config'
  if (/\.(?:log|gz|zst|bz2|json|jsonl)(?:[.-]\d+)*$/i.test(name)) return 'log'
  return NAMES.test(name) || BLOCK.test(start) ? 'config' : 'log'
}
