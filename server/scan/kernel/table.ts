/** What was seen before, by keys of any length: an open hash table, bounded in every direction. The key looked for is put
 *  together at KEY. */
import { ENTRIES, KEY, KEYS, KEYS_SIZE, MAX_ENTRIES, SLOTS } from './layout'
import { same } from './find'

const SLOT_COUNT: u32 = MAX_ENTRIES * 2
/** Keys made to collide must not make look-ups slow. */
const MAX_PROBES: u32 = 64
/** Stands behind every part of a key; none holds this byte. */
export const FIELD_END: u8 = 2

let size: i32 = 0
let keysEnd: i32 = 0
let keyLength: i32 = 0
let hash: u32 = 0

/** The key is complete. The eight bytes behind it are overwritten. */
export function seal(length: i32): void {
  keyLength = length
  // The last bytes are compared and hashed in eights.
  store<u64>(KEY + length, 0)
  let h: u64 = 0x9e37_79b9_7f4a_7c15
  for (let i = 0; i < length; i += 8) h = (h ^ (h >> 29) ^ load<u64>(KEY + i)) * 0x2545_f491_4f6c_dd1d
  hash = <u32>(h >> 32)
}

/** The value kept for the key; -1 when there is none. */
export function find(): i32 {
  const slot = slotOf()
  if (slot == 0) return -1
  const entry = load<i32>(slot)
  return entry < 0 ? -1 : load<i32>(ENTRIES + entry * 16, 4)
}

/** Keeps a value for the key; false when there is no room. */
export function keep(value: i32): bool {
  const slot = slotOf()
  if (slot == 0) return false
  const known = load<i32>(slot)
  if (known >= 0) {
    store<i32>(ENTRIES + known * 16, value, 4)
    return true
  }
  if (size >= MAX_ENTRIES || keysEnd + keyLength > KEYS_SIZE) return false
  const entry = ENTRIES + size * 16
  store<u32>(entry, hash)
  store<i32>(entry, value, 4)
  store<i32>(entry, keysEnd, 8)
  store<i32>(entry, keyLength, 12)
  memory.copy(KEYS + keysEnd, KEY, keyLength)
  keysEnd += keyLength
  store<i32>(slot, size++)
  return true
}

export function clearTable(): void {
  size = 0
  keysEnd = 0
  memory.fill(SLOTS, 0xff, SLOT_COUNT * 4)
}

/** Address of the slot the key is in, or would be; 0 when that is too far to look. */
function slotOf(): usize {
  const first = hash ^ (hash >> 15)
  for (let probe: u32 = 0; probe < MAX_PROBES; probe++) {
    const slot = SLOTS + ((first + probe) & (SLOT_COUNT - 1)) * 4
    const index = load<i32>(slot)
    if (index < 0) return slot
    const entry = ENTRIES + index * 16
    if (load<u32>(entry) == hash && load<i32>(entry, 12) == keyLength) {
      if (same(KEYS + load<i32>(entry, 8), KEY, keyLength)) return slot
    }
  }
  return 0
}
