//! Mutates inputs at random.

use fastrand::Rng;

/// Byte sequences that have a meaning in the formats.
const TOKENS: [&str; 24] = [
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    ",",
    "\n",
    "\r\n",
    "\"id\":",
    "\"error\":",
    "\"details\":",
    "0001-01-01T00:00:00",
    "1e999",
    "-0",
    "\u{202e}",
    "\u{feff}",
];

/// Boundary values of number types.
const EDGES: [u64; 8] = [0, 1, 0x7f, 0xff, 0x7fff_ffff, 0xffff_ffff, u64::MAX / 2, u64::MAX];

/// Maximum length of an input.
const MAX_LENGTH: usize = 16 << 10;

/// Generates inputs from valid ones; the same inputs in every run.
pub(super) struct Mutator {
    seeds: Vec<Vec<u8>>,
    random: Rng,
}

impl Mutator {
    /// Starts a sequence of inputs that depends on the name.
    pub(super) fn new(seeds: Vec<Vec<u8>>, name: &str) -> Self {
        assert!(!seeds.is_empty(), "there are no seeds to mutate");
        Self { seeds, random: Rng::with_seed(u64::from(crc32fast::hash(name.as_bytes()))) }
    }

    /// A seed with one or more changes.
    pub(super) fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.seed();
        // Mostly few changes: an input that is changed in many places is refused at the first one.
        for _ in 0..1 << self.random.u32(0..4) {
            self.change(&mut input);
        }
        input.truncate(MAX_LENGTH);
        input
    }

    fn seed(&mut self) -> Vec<u8> {
        self.seeds[self.random.usize(0..self.seeds.len())].clone()
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.random.usize(0..=input.len());
        let end = (at + self.random.usize(1..32)).min(input.len());
        match self.random.u32(0..9) {
            0 => flip(input, at, 1 << self.random.u32(0..8)),
            1 => flip(input, at, self.random.u8(1..)),
            2 => drop(input.drain(at..end)),
            3 => input.truncate(at),
            4 => {
                let copy = input[at..end].to_vec();
                self.insert(input, &copy);
            }
            5 => {
                let token = TOKENS[self.random.usize(0..TOKENS.len())];
                self.insert(input, token.as_bytes());
            }
            6 => {
                // Overwrite bytes with a number, in either byte order.
                let width = 1 << self.random.u32(0..4);
                let edge = EDGES[self.random.usize(0..EDGES.len())].wrapping_add(self.random.u64(0..3));
                let bytes = if self.random.bool() { edge.to_le_bytes() } else { edge.rotate_left(32).to_be_bytes() };
                for (byte, new) in input[at..].iter_mut().zip(&bytes[..width]) {
                    *byte = *new;
                }
            }
            7 => {
                let other = self.seed();
                let from = self.random.usize(0..=other.len());
                input.truncate(at);
                input.extend(&other[from..]);
            }
            _ => {
                // Repeat a part many times, so that lengths and depths grow.
                let copy = input[at..end].repeat(self.random.usize(2..64));
                self.insert(input, &copy);
            }
        }
    }

    fn insert(&mut self, input: &mut Vec<u8>, piece: &[u8]) {
        let at = self.random.usize(0..=input.len());
        input.splice(at..at, piece.iter().copied());
    }
}

fn flip(input: &mut [u8], at: usize, bits: u8) {
    if let Some(byte) = input.get_mut(at) {
        *byte ^= bits;
    }
}
