/** Paths with ids left out, as pathGroup leaves them out. */

/** Stands for an id; no path holds this byte. */
const ID: u8 = 1

/** Where the path that was copied last ended. */
export let pathStop: usize = 0

/** Copies the path in [from, end) up to its `?`, with ids replaced. Returns where the copy ends; 0 when it holds a blank.
 *  Of what pathGroup calls an id only numbers, UUIDs and hexadecimal are replaced: the others are kept as they are,
 *  which costs entries and changes no count. */
export function copyPath(from: usize, end: usize, copy: usize): usize {
  let to = copy
  let at = from
  while (at < end && load<u8>(at) == 47) {
    store<u8>(to++, 47)
    const segment = ++at
    const kept = to
    let digits: i32 = 0
    let hex: i32 = 0
    for (; at < end; at++) {
      const byte = load<u8>(at)
      if (byte == 47 || byte == 63) break
      if (byte == 32) return 0
      if (<u32>byte - 48 < 10) {
        digits++
        hex++
      } else if (<u32>(byte | 32) - 97 < 6) hex++
      store<u8>(to++, byte)
    }
    const length = <i32>(at - segment)
    if (digits > 0 && (digits == length || (hex >= 8 && (hex == length || isUuid(segment, length, hex))))) {
      store<u8>(kept, ID)
      to = kept + 1
    }
  }
  pathStop = at
  return to
}

function isUuid(at: usize, length: i32, hex: i32): bool {
  return (
    length == 36 &&
    hex == 32 &&
    load<u8>(at, 8) == 45 &&
    load<u8>(at, 13) == 45 &&
    load<u8>(at, 18) == 45 &&
    load<u8>(at, 23) == 45
  )
}
