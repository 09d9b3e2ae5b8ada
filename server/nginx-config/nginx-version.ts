/** nginx version numbers such as `1.29.7`. */

export function atLeast(version: string, wanted: string): boolean {
  const [a, b] = [numbers(version), numbers(wanted)]
  for (const [i, number] of b.entries()) if ((a[i] ?? 0) !== number) return (a[i] ?? 0) > number
  return true
}

const numbers = (version: string): number[] => version.split('.').map(Number)
