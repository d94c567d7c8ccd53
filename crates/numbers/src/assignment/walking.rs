//! FF1 with cycle-walking: a keyed permutation of `0..below` out of one of `0..10^digits`. A value
//! that falls outside is encrypted again until it falls inside; as the cycle through it must come
//! back to where it started, it always does. The batch stays full while values walk.

use std::fmt;

use zeroize::Zeroize;

use super::AssignmentRefusal;
use crate::ff1::DecimalFf1;

/// A keyed permutation of `0..below`.
pub struct WalkingFf1 {
    engine: Engine,
    below: u64,
}

/// The rounds are compiled for each length: dividing by a constant is what makes them fast.
enum Engine {
    Ten(DecimalFf1<10>),
    Eleven(DecimalFf1<11>),
}

impl WalkingFf1 {
    /// Walks within `0..below` over FF1 on `digits` digits. Offered are 10 and 11 digits with
    /// 10^(digits−1) < `below` ≤ 10^digits: below that, fewer digits would do with less walking.
    pub fn new(key: &[u8], digits: u32, below: u64) -> Result<Self, AssignmentRefusal> {
        check_domain(digits, below)?;
        let engine = match digits {
            10 => Engine::Ten(DecimalFf1::new(key)?),
            _ => Engine::Eleven(DecimalFf1::new(key)?),
        };
        Ok(Self { engine, below })
    }

    /// [`Self::new`] with the fewest digits that hold `0..below`.
    pub fn for_domain(key: &[u8], below: u64) -> Result<Self, AssignmentRefusal> {
        let digits = below.saturating_sub(1).checked_ilog10().map_or(1, |log| log + 1);
        Self::new(key, digits, below)
    }

    /// How many values are permuted.
    pub fn below(&self) -> u64 {
        self.below
    }

    /// Permutes each value in place. A value outside `0..below` is refused by its position, and
    /// then nothing has changed.
    pub fn permute(&self, values: &mut [u64]) -> Result<(), AssignmentRefusal> {
        self.check(values)?;
        self.permute_checked(values);
        Ok(())
    }

    /// The inverse of [`Self::permute`].
    pub fn invert(&self, values: &mut [u64]) -> Result<(), AssignmentRefusal> {
        self.check(values)?;
        self.invert_checked(values);
        Ok(())
    }

    /// [`Self::permute`] for values known to be in the domain.
    pub(super) fn permute_checked(&self, values: &mut [u64]) {
        match &self.engine {
            Engine::Ten(ff1) => self.walk::<10>(values, |lanes| ff1.encrypt_checked(lanes)),
            Engine::Eleven(ff1) => self.walk::<11>(values, |lanes| ff1.encrypt_checked(lanes)),
        }
    }

    /// [`Self::invert`] for values known to be in the domain.
    pub(super) fn invert_checked(&self, values: &mut [u64]) {
        match &self.engine {
            Engine::Ten(ff1) => self.walk::<10>(values, |lanes| ff1.decrypt_checked(lanes)),
            Engine::Eleven(ff1) => self.walk::<11>(values, |lanes| ff1.decrypt_checked(lanes)),
        }
    }

    fn check(&self, values: &[u64]) -> Result<(), AssignmentRefusal> {
        match values.iter().position(|value| *value >= self.below) {
            Some(index) => Err(AssignmentRefusal::Outside { position: index + 1 }),
            None => Ok(()),
        }
    }

    fn walk<const DIGITS: u32>(&self, values: &mut [u64], step: impl Fn(&mut [u64])) {
        if self.below == DecimalFf1::<DIGITS>::DOMAIN {
            step(values);
        } else {
            walk(values, self.below, step);
        }
    }
}

impl fmt::Debug for WalkingFf1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WalkingFf1(0..{}, key ••••)", self.below)
    }
}

/// Whether a permutation of `0..below` over so many digits is offered.
pub(super) fn check_domain(digits: u32, below: u64) -> Result<(), AssignmentRefusal> {
    let domain = [10, 11].contains(&digits).then(|| 10u64.pow(digits));
    match domain {
        Some(domain) if below > domain / 10 && below <= domain => Ok(()),
        _ => Err(AssignmentRefusal::Domain { digits, below }),
    }
}

/// Steps every value until it is below `below`. A lane whose value has arrived takes the next one
/// from the slice at once; which of the two it does is a choice of operands, not a branch, because
/// it could not be predicted.
fn walk(values: &mut [u64], below: u64, step: impl Fn(&mut [u64])) {
    let used = values.len().min(LANES);
    let (mut live, mut next) = (used, used);
    let mut lanes = [0; LANES];
    lanes[..used].copy_from_slice(&values[..used]);
    let mut homes: [usize; LANES] = std::array::from_fn(|lane| lane);
    while live > 0 {
        step(&mut lanes[..live]);
        let mut kept = 0;
        for lane in 0..live {
            let (value, home) = (lanes[lane], homes[lane]);
            // A value still outside is overwritten when it arrives.
            values[home] = value;
            let outside = value >= below;
            let fresh = values.get(next).copied();
            lanes[kept] = if outside { value } else { fresh.unwrap_or_default() };
            homes[kept] = if outside { home } else { next };
            kept += usize::from(outside | fresh.is_some());
            next += usize::from(!outside & fresh.is_some());
        }
        live = kept;
    }
    lanes[..used].zeroize();
}

/// A multiple of the batch of [`DecimalFf1`].
const LANES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    /// A permutation of 0..10 with the cycles 0→7→3→9→0, 1→8→1, 2→2, 4→6→5→4.
    fn small(lanes: &mut [u64]) {
        lanes.iter_mut().for_each(|lane| *lane = [7, 8, 2, 9, 6, 4, 5, 3, 1, 0][*lane as usize]);
    }

    #[test]
    fn walking_skips_what_is_outside() {
        let mut values: Vec<u64> = (0..7).collect();
        walk(&mut values, 7, small);
        assert_eq!(values, [3, 1, 2, 0, 6, 4, 5]);
    }

    #[test]
    fn every_value_comes_home_at_any_length() {
        for length in [0, 1, 2, LANES - 1, LANES, LANES + 1, 3 * LANES + 7] {
            let start: Vec<u64> = (0..length as u64).map(|i| i * 31 % 7).collect();
            let mut values = start.clone();
            walk(&mut values, 7, small);
            let one = |value: &u64| {
                let mut one = [*value];
                walk(&mut one, 7, small);
                one[0]
            };
            assert_eq!(values, start.iter().map(one).collect::<Vec<_>>(), "length {length}");
        }
    }

    #[test]
    fn domains_without_a_permutation_are_refused() {
        let key = [0; 16];
        for (digits, below) in [
            (9, 1_000_000_000),
            (12, 1_000_000_000_000),
            (10, 1_000_000_000),
            (10, 10_000_000_001),
            (11, 0),
            (30, 5),
        ] {
            let refusal = WalkingFf1::new(&key, digits, below).unwrap_err();
            assert_eq!(refusal, AssignmentRefusal::Domain { digits, below });
        }
        for (below, fits) in [
            (0, false),
            (1_000_000_000, false),
            (1_000_000_001, true),
            (10_000_000_000, true),
            (10_000_000_001, true),
            (80_000_000_000, true),
            (100_000_000_000, true),
            (100_000_000_001, false),
            (u64::MAX, false),
        ] {
            assert_eq!(WalkingFf1::for_domain(&key, below).is_ok(), fits, "{below}");
        }
        let refusal = WalkingFf1::new(&[0; 15], 10, 10_000_000_000).unwrap_err();
        assert_eq!(refusal.label(), "ff1_key_length");
    }
}
