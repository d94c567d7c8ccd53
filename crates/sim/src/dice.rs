//! Chance from a seed: xoshiro256** (Blackman and Vigna), seeded through SplitMix64.
//!
//! Owns the state of one stream. The same seed gives the same draws on every platform and in every
//! version, because feeds drawn from a seed are kept as golden files. Predictable by design: fit
//! for an invented country, never for keys or real numbers.

/// A seeded stream of draws.
#[derive(Clone)]
pub struct Dice {
    state: [u64; 4],
}

impl Dice {
    /// The stream of this seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut counter = seed;
        Self { state: [(); 4].map(|()| split_mix(&mut counter)) }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        b.wrapping_mul(5).rotate_left(7).wrapping_mul(9)
    }

    /// A number from 0 to `bound` − 1; 0 when `bound` is 0. The bias is below `bound` / 2³².
    pub fn below(&mut self, bound: u32) -> u32 {
        let high = self.next_u64() >> 32;
        ((high * u64::from(bound)) >> 32) as u32
    }

    /// Fills `out` with the next bytes of the stream, little end first.
    pub fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
    }

    /// True `parts` times in ten thousand.
    pub(crate) fn in_ten_thousand(&mut self, parts: u32) -> bool {
        self.below(10_000) < parts
    }

    /// A place in a list of `len` entries.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        self.below(u32::try_from(len).unwrap_or(u32::MAX)) as usize
    }

    /// A place in a list of `len` entries, the early ones more often.
    pub(crate) fn early_index(&mut self, len: usize) -> usize {
        self.index(len).min(self.index(len))
    }

    /// Puts a list in a drawn order.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.index(last + 1));
        }
    }
}

fn split_mix(counter: &mut u64) -> u64 {
    *counter = counter.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*counter ^ (*counter >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_mix_gives_the_published_values() {
        let mut counter = 1_234_567;
        assert_eq!(split_mix(&mut counter), 6_457_827_717_110_365_317);
        assert_eq!(split_mix(&mut counter), 3_203_168_211_198_807_973);
    }

    #[test]
    fn xoshiro_gives_the_published_values() {
        let mut dice = Dice { state: [1, 2, 3, 4] };
        let expected = [11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240];
        assert_eq!([(); 4].map(|()| dice.next_u64()), expected);
    }

    #[test]
    fn draws_stay_below_the_bound_and_reach_both_ends() {
        let mut dice = Dice::from_seed(1);
        let draws: Vec<u32> = (0..1_000).map(|_| dice.below(6)).collect();
        assert_eq!((draws.iter().min(), draws.iter().max()), (Some(&0), Some(&5)));
        assert_eq!(dice.below(0), 0);
        assert_eq!(dice.below(1), 0);
    }

    #[test]
    fn early_places_come_more_often() {
        let mut dice = Dice::from_seed(2);
        let early = (0..10_000).filter(|_| dice.early_index(100) < 50).count();
        assert!((7_200..7_800).contains(&early), "{early}");
    }

    #[test]
    fn a_shuffle_keeps_every_entry() {
        let mut list: Vec<u32> = (0..100).collect();
        Dice::from_seed(3).shuffle(&mut list);
        assert_ne!(list, (0..100).collect::<Vec<_>>());
        list.sort_unstable();
        assert_eq!(list, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn bytes_are_the_draws() {
        let mut bytes = [0; 11];
        Dice::from_seed(4).fill(&mut bytes);
        let mut dice = Dice::from_seed(4);
        assert_eq!(bytes[..8], dice.next_u64().to_le_bytes());
        assert_eq!(bytes[8..], dice.next_u64().to_le_bytes()[..3]);
    }
}
