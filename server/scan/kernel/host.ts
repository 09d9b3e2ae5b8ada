/** What the kernel asks of the host. All of it is rare: once a minute, or for a new client. */

/** Minutes since 1970 of the stamp of this length at `at`; -1 when it is none. */
export declare function minuteOf(at: usize, length: i32): i32

/** So many requests were counted in a minute, between these milliseconds of it. */
export declare function turned(minute: i32, requests: i32, first: i32, last: i32): void

/** So many events of a tally were counted in a minute. */
export declare function settled(tally: i32, minute: i32, n: i32): void

/** A line of a tally that the host is to keep: one of the first three, or one that is too long for the kernel. */
export declare function kept(tally: i32, at: usize, length: i32, stamp: f64, number: f64): void

/** A client of a tally; true when no more of them are wanted. */
export declare function client(tally: i32, at: usize, length: i32): bool

/** The second is over, or the lines are: how many sessions of which age ended in it stands at ENDS, to be cleared. So much of
 *  one of the lines is at PROOF; 0: there were few. Returns how many have to end in a second for the host to keep it. */
export declare function ended(second: i32, proof: i32, stamp: f64, number: f64): i32

/** Bucket of a session length in seconds (histogram.ts). */
export declare function bucketOf(seconds: f64): i32
