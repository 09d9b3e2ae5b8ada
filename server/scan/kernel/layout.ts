/** Where everything lies in the kernel's memory. Read by both sides: AssemblyScript and the host (kernel-host.ts). */

/** Lines to read, copied here window by window; 64 KiB below stay free for what the compiler puts there. */
export const INPUT = 0x1_0000
export const INPUT_SIZE = 0x4_0000
/** One line from elsewhere: what was in an envelope. */
export const ALONE = 0x5_1000
export const ALONE_SIZE = 0x4000
/** The program: four words an operation. */
export const PROGRAM = 0x5_6000
export const PROGRAM_SIZE = 0x2000
/** Bytes of literals, and bitmaps of 256 bytes for character classes. */
export const LITERALS = 0x5_8000
export const LITERALS_SIZE = 0x4000
/** Where the fields of a line were found: start and end of each. */
export const FIELDS = 0x5_c000
/** Requests per status code, 32 bits each. */
export const STATUS = 0x5_c800
/** Handshakes per millisecond of latency, 32 bits each. */
export const LATENCY = 0x5_e000
export const LATENCY_SIZE = 4096
/** Sessions that ended in the second that is open, 32 bits for each age. */
export const ENDS = 0x6_2800
export const AGES = 32
export const AGE_UNKNOWN = 31
/** What tells a request from others, of the line read last. */
export const KEY = 0x6_3000
export const KEY_SIZE = 0x1800
/** A line of the second at ENDS. */
export const PROOF = 0x6_4800
export const PROOF_SIZE = 0x4000
/** The known requests: an open hash table, entries of four words (hash, value, offset and length of the key), keys. */
export const SLOTS = 0x7_0000
export const MAX_ENTRIES = 0x8000
export const ENTRIES = 0xb_0000
export const KEYS = 0x13_0000
export const KEYS_SIZE = 0x40_0000
/** Counts of one kind of event; what is in one is in tally.ts. */
export const TALLIES = 0x53_0000
export const TALLY_SIZE = 192
export const MAX_TALLIES = 0x2000
/** Session lengths of one scope: a count per bucket, -1 for a bucket that no parsed line has opened. */
export const LIFETIMES = 0x6c_0000
export const BUCKETS = 9408
export const MAX_LIFETIMES = 48
/** The two newest lines of each tally. */
export const KEPT = 0x88_0000
export const KEPT_SIZE = 512
/** The same where error entries are counted: these are longer, and fewer tell of something else. */
export const KEPT_ERROR_SIZE = 2048
export const MAX_ERROR_TALLIES = 0x1400
export const MEMORY_SIZE = 0x1c8_0000
/** Entries that are events, each for itself, when somebody waits for them (live.ts). Nothing is counted or kept then. */
export const ROWS = KEPT
export const ROW_SIZE = 48
export const MAX_ROWS = 0x2000
/** The place of each text that is known. */
export const TEXT_PLACES = TALLIES

/** Parts of the error entry that was located last, as indices into FIELDS: the message as it is looked up, the whole
 *  line, and what makes a place. Empty: not there. */
export const E_MESSAGE = 0
export const E_LINE = 1
export const E_CLIENT = 2
export const E_SERVER = 3
export const E_HOST = 4
export const E_UPSTREAM = 5
export const E_URI = 6
/** Tag and fields of it, see below. */
export const E_BITS = 7
/** The digits behind `*`. */
export const E_SERIAL = 8
// Bits of the tag: the index of the level, and what else.
export const LEVEL = 7
export const CONNECTED = 8
export const CONTEXT = 16
/** Numbers that tell nothing were left out of the message. */
export const NUMBERS = 32
/** The message quotes the path of a file, and only how it begins is kept. */
export const FILE = 64
/** Index of the first level at which nginx blames a backend. */
export const ERROR = 3
// Bits of the fields.
export const CLIENT = 1
export const SERVER = 2
export const REQUEST = 4
export const SUBREQUEST = 8
export const UPSTREAM = 16

// Why error entries are not counted.
/** Not certainly read. */
export const REFUSED = 0
/** Not seen before. */
export const UNKNOWN = 1
/** It may be one of the lines that are kept first. */
export const EARLY = 2
/** Outside of the asked window, with a message not seen before. */
export const OUTSIDE = 3
/** Of a known place, with a text that was not seen before. */
export const NEW_TEXT = 4
/** There is no room for another row. */
export const FULL = 5

// Operations of a program.
/** Bytes as they are: address, length. */
export const LITERAL = 1
/** Three digits. */
export const STATUS_CODE = 2
/** Digits with an optional fraction, or `-`: field, whether it may be empty, which form it must have. */
export const NUMBER = 3
/** `21/Nov/2026:06:13:34 +0100`: whether it is the time of the record. */
export const TIME_LOCAL = 4
/** `2026-11-21T06:13:34+01:00`: the same. */
export const TIME_ISO8601 = 5
/** `1795241614.062`: the same. */
export const MSEC = 6
/** Anything up to a byte: field, flags, that byte. */
export const OPEN = 7
/** A run of bytes of a class: field, address of its bitmap, flags. */
export const SPAN = 8
/** The address of one backend, or nothing: field, whether it may be empty, the byte after it. */
export const PEER = 9
/** The end of the line. */
export const END = 10

/** A literal of at most eight bytes: its bytes, in two words, and how many they are. */
export const SHORT = 11

// Flags of OPEN and SPAN.
/** The value counts: with escapes or bytes beyond ASCII it is the parser's. */
export const COUNTS = 1
/** A known socket may be asked for here. */
export const URI = 2
export const AGENT = 4
/** Without blanks, brackets and separators: with them the fields may be those of another layout. */
export const PLAIN = 8
/** A number with a fraction is another layout's field. */
export const NO_DECIMAL = 16
/** The value may hold the byte after it: the next place where the rest fits is tried. */
export const AGAIN = 32
/** Free text: neither a digit first, nor a key with `:` or `=` behind it but http: and https:. */
export const TEXT = 64
/** IP addresses, or `-`. */
export const ADDRESSES = 128
/** Of a SPAN: nothing at all may stand there. */
export const MAY_BE_EMPTY = 256

// Forms of NUMBER.
export const WHOLE = 1
/** Three decimals. */
export const SECONDS = 2
/** Three decimals, or `-`. */
export const SECONDS_OR_NONE = 3

// Fields that mean something to the kernel, as indices into FIELDS. From KEYED on they only tell lines apart.
export const NOTHING = -1
export const F_URI = 0
export const F_CLIENT = 1
export const F_UPGRADE = 2
export const F_PEER = 3
export const F_BODY = 4
export const F_REQUEST_TIME = 5
export const F_HEADER_TIME = 6
export const F_RESPONSE_TIME = 7
export const KEYED = 8
export const MAX_FIELDS = 24

/** Longest line that a parser is offered (MAX_LINE of the reader). */
export const LONGEST = 65_536
