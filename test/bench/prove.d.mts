/** Recorded runs whose cause a change of nginx's configuration fixes; none where `../shared` is absent. */
export function fixable(): string[]
/** analyze, the first finding's patch, prove: in words, before and after. */
export function proveRun(name: string): Promise<{ cause: string; before: string; after: string; fixed: boolean }>
