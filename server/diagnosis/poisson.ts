/** How surprising a count is where events come by chance. Pure. */

/** Chernoff's bound for a Poisson count: the probability of `n` or more where `expected` are usual is at most exp(-surprise).
 *  0 where `n` is no more than usual. */
export function surprise(n: number, expected: number): number {
  const usual = Math.max(0.01, expected)
  return n > usual ? n * Math.log(n / usual) - n + usual : 0
}
