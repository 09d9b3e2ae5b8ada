/** Whether an argument is a pattern. Apart from glob.ts, which is loaded for one alone. */
export const isGlob = (text: string): boolean => /[*?[{]/.test(text)
