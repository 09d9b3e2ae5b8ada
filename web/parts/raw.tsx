import { visible, visibleLines } from '../text/visible.ts'

/** Text from a log: unseen characters written out, and isolated so that it cannot reorder what stands next to it. */
export const Raw = ({ text }: { text: string }) => <bdi>{visible(text)}</bdi>

/** The same for several lines. */
export const RawLines = ({ text }: { text: string }) => <bdi>{visibleLines(text)}</bdi>
