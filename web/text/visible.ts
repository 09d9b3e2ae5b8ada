/** As reports that are handed on have it. */
export { visible, visibleLines } from '../../server/share/contract.ts'
