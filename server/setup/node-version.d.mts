/** Types of node-version.mjs, which every Node.js must be able to read. */
export declare const SUPPORTED: string
export declare function isSupported(version: string): boolean
export declare function refusal(version: string, executable: string): string | null
