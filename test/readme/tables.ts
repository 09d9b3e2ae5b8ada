/** The tables of README.md, made from the registries they describe. */
import { PARSERS } from '../../parsers/index.ts'
import { CHANNELS, REASONS } from '../../server/alerts/contract.ts'
import { CONFIG_KEYS } from '../../server/config.ts'
import { allCauses } from '../../server/diagnosis/contract.ts'
import { RULES } from '../../server/lint/contract.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')
const row = (...cells: string[]): string => `| ${cells.map(cell).join(' | ')} |`

export const TABLES: Readonly<Record<string, () => string>> = {
  causes: () =>
    [
      row('cause', 'in words', 'severity'),
      '| --- | --- | --- |',
      ...allCauses().map((c) => row(`\`${c.id}\``, `[${plain(c.title)}](${c.docs})`, c.severity)),
    ].join('\n'),
  'lint rules': () =>
    [
      row('rule', 'reports', 'at worst'),
      '| --- | --- | --- |',
      ...RULES.map(({ id, title, docs, severity }) => row(`\`${id}\``, `[${title}](${docs})`, severity)),
    ].join('\n'),
  formats: () =>
    [row('format', 'is'), '| --- | --- |', ...PARSERS.map((p) => row(`\`${p.id}\``, p.description))].join('\n'),
  channels: () =>
    [
      row('type', 'is', 'settings'),
      '| --- | --- | --- |',
      ...CHANNELS.map(({ id, description, settings }) =>
        row(
          `\`${id}\``,
          description,
          Object.entries(settings.shape)
            .map(([name, of]) => (of.safeParse(undefined).success ? `\`${name}\`?` : `\`${name}\``))
            .join(', '),
        ),
      ),
    ].join('\n'),
  reasons: () =>
    [
      row('reason', 'means'),
      '| --- | --- |',
      ...Object.entries(REASONS).map(([id, meaning]) => row(`\`${id}\``, meaning)),
    ].join('\n'),
  'config keys': () =>
    [
      row('key', 'default', 'meaning'),
      '| --- | --- | --- |',
      ...CONFIG_KEYS.map((k) => row(`\`${k.key}\``, k.default, k.meaning)),
    ].join('\n'),
}

/** A title without its variable parts. */
const plain = (title: string): string =>
  title
    .replace(/:? ?\$?\{(?:which|where|what)\}/g, '')
    .replace('{seconds}', 'a fixed time')
    .replace('{sessions}', 'Idle WebSockets')
    .replace('{who}', 'nginx')
    .replace('${variable}', '$connection_upgrade')

/** The README with every marked table replaced by the current one. */
export function withTables(readme: string): string {
  return readme.replace(/<!-- ([a-z ]+) -->\n(?:\n(?:\|.*\n)+)?/g, (all, name: string) => {
    const table = TABLES[name]
    return table ? `<!-- ${name} -->\n\n${table()}\n` : all
  })
}
