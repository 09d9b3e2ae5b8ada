/** Writes the logs of site `number` (from 0) until the access log has `most` lines; returns their paths. */
export function writeSite(folder: string, number: number, seed: number, most: number): string[]
