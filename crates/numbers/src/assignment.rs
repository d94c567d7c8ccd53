//! Assignment (付番): an Individual Number is a keyed permutation of a resident record code and a
//! generation, so that two persons never share a number, no person gets one twice, and nothing
//! about the code can be learned from the number without the key (番号法 art. 8(2)).
//!
//! The arithmetic stands apart from the key: [`slot`], [`number_from`] and [`slot_of_number`]
//! serve a caller whose key lives elsewhere; [`Numbering`] and [`CodeIssuer`] hold it themselves.

mod generation;
mod refusal;
mod remote;
mod tails;
mod walking;

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

pub use self::generation::Generation;
pub use self::refusal::AssignmentRefusal;
pub use self::remote::{RemoteRefusal, RemoteWalkingFf1};
pub use self::walking::WalkingFf1;
use crate::{IndividualNumber, ResidentRecordCode};

/// How many slots there are: 8 generations for each of the 10¹⁰ resident record codes.
pub const NUMBER_DOMAIN: u64 = CODE_DOMAIN * GENERATIONS;

/// How many resident record codes there are, check digit aside.
pub const CODE_DOMAIN: u64 = 10_000_000_000;

/// The slot of a code and a generation: the code's first ten digits · 8 + generation, below
/// [`NUMBER_DOMAIN`].
pub fn slot(code: &ResidentRecordCode, generation: Generation) -> u64 {
    code.payload() * GENERATIONS + u64::from(generation.get())
}

/// The number that a permuted slot y stands for; refuses what is not below [`NUMBER_DOMAIN`].
///
/// y / 8 writes ten leading digits and y mod 8 picks the eleventh among those that keep the check
/// digit's remainder at 2 or more. Remainders 0 and 1 share one check digit; without them every
/// single wrong digit is caught. The public rule for check digits is met unchanged.
pub fn number_from(permuted: u64) -> Result<IndividualNumber, AssignmentRefusal> {
    if permuted >= NUMBER_DOMAIN {
        return Err(AssignmentRefusal::Outside { position: 1 });
    }
    Ok(IndividualNumber::computed(tails::number(permuted)))
}

/// The permuted slot that a number stands for; `None` for a number that this scheme never gives.
pub fn slot_of_number(number: &IndividualNumber) -> Option<u64> {
    tails::permuted_slot(number.reveal_u64())
}

/// Assigns numbers with a key of its own.
///
/// ```
/// use sekisho_numbers::ResidentRecordCode;
/// use sekisho_numbers::assignment::{Generation, Numbering};
///
/// let numbering = Numbering::new(&[7; 32])?;
/// let code: ResidentRecordCode = "12345678903".parse()?;
/// let number = numbering.assign_one(&code, Generation::FIRST);
/// assert_eq!(numbering.recover(&number), Some((code, Generation::FIRST)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Numbering(WalkingFf1);

impl Numbering {
    /// Expands a numbering key of 16, 24 or 32 bytes.
    pub fn new(key: &[u8]) -> Result<Self, AssignmentRefusal> {
        WalkingFf1::new(key, 11, NUMBER_DOMAIN).map(Self)
    }

    /// One number. Many at once are several times faster each.
    pub fn assign_one(
        &self,
        code: &ResidentRecordCode,
        generation: Generation,
    ) -> IndividualNumber {
        let mut slots = Zeroizing::new([slot(code, generation)]);
        self.0.permute_checked(&mut *slots);
        IndividualNumber::computed(tails::number(slots[0]))
    }

    /// One number for each code and generation, in their order.
    pub fn assign(&self, people: &[(&ResidentRecordCode, Generation)]) -> Vec<IndividualNumber> {
        let slots = people.iter().map(|(code, generation)| slot(code, *generation)).collect();
        let mut slots: Zeroizing<Vec<u64>> = Zeroizing::new(slots);
        self.0.permute_checked(&mut slots);
        slots.iter().map(|y| IndividualNumber::computed(tails::number(*y))).collect()
    }

    /// Turns resident record codes (integers below 10¹¹, check digit included) into Individual
    /// Numbers (integers below 10¹²) where they stand, all of one generation. This is the road for
    /// whole populations: nothing is allocated. A code with a wrong check digit is refused by its
    /// position, counted from 1, and then nothing has changed. The caller wipes the slice.
    pub fn assign_in_place(
        &self,
        codes: &mut [u64],
        generation: Generation,
    ) -> Result<(), AssignmentRefusal> {
        if let Some(index) = codes.iter().position(|code| !tails::is_code(*code)) {
            return Err(AssignmentRefusal::Code { position: index + 1 });
        }
        for chunk in codes.chunks_mut(CHUNK) {
            for code in chunk.iter_mut() {
                *code = *code / 10 * GENERATIONS + u64::from(generation.get());
            }
            self.0.permute_checked(chunk);
            for y in chunk.iter_mut() {
                *y = tails::number(*y);
            }
        }
        Ok(())
    }

    /// The code and generation behind a number; `None` for a number that this scheme never gives.
    pub fn recover(&self, number: &IndividualNumber) -> Option<(ResidentRecordCode, Generation)> {
        let mut slots = Zeroizing::new([slot_of_number(number)?]);
        self.0.invert_checked(&mut *slots);
        let generation = Generation::new((slots[0] % GENERATIONS) as u8).ok()?;
        let code = ResidentRecordCode::from_payload(slots[0] / GENERATIONS).ok()?;
        Some((code, generation))
    }
}

impl fmt::Debug for Numbering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Numbering(••••)")
    }
}

/// Issues resident record codes: a keyed permutation of a counter, so that codes look random and
/// never repeat while the only thing to remember is how far the counter has come.
pub struct CodeIssuer(WalkingFf1);

impl CodeIssuer {
    /// Expands a key of 16, 24 or 32 bytes, which must not be the numbering key.
    pub fn new(key: &[u8]) -> Result<Self, AssignmentRefusal> {
        WalkingFf1::new(key, 10, CODE_DOMAIN).map(Self)
    }

    /// The code for one counter value below [`CODE_DOMAIN`].
    pub fn issue_one(&self, counter: u64) -> Result<ResidentRecordCode, AssignmentRefusal> {
        let mut payloads = Zeroizing::new([counter]);
        self.0.permute(&mut *payloads)?;
        code_from(payloads[0])
    }

    /// The codes for a stretch of the counter, within `0..`[`CODE_DOMAIN`], in its order.
    pub fn issue(
        &self,
        counters: Range<u64>,
    ) -> Result<Vec<ResidentRecordCode>, AssignmentRefusal> {
        if counters.end > CODE_DOMAIN {
            return Err(AssignmentRefusal::Counter);
        }
        let mut payloads: Zeroizing<Vec<u64>> = Zeroizing::new(counters.collect());
        self.0.permute_checked(&mut payloads);
        payloads.iter().map(|payload| code_from(*payload)).collect()
    }

    /// The counter value that a code was issued for.
    pub fn counter_of(&self, code: &ResidentRecordCode) -> u64 {
        let mut payloads = Zeroizing::new([code.payload()]);
        self.0.invert_checked(&mut *payloads);
        payloads[0]
    }
}

impl fmt::Debug for CodeIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeIssuer(••••)")
    }
}

fn code_from(payload: u64) -> Result<ResidentRecordCode, AssignmentRefusal> {
    ResidentRecordCode::from_payload(payload).map_err(|_| AssignmentRefusal::Counter)
}

const GENERATIONS: u64 = 8;

/// Codes per pass of [`Numbering::assign_in_place`]: 128 KiB, at home in a second-level cache.
const CHUNK: usize = 16_384;
