//! The order of a municipality's feed: sequence numbers from 1 without gaps.
//!
//! A message is applied when it is the next one, recognised when it comes again, and waits when
//! something before it is missing. What is missing has a name: the ranges between what waits.

use base::limits::{FEED_AHEAD_MAX, FEED_WAITING_MAX};
use std::ops::RangeInclusive;

/// How far a municipality's feed has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeedCursor {
    /// The next sequence number to be applied.
    pub next: u64,
    /// How many messages wait behind a gap.
    pub waiting: u64,
}

/// What is known of a sequence number that was used before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The keyed digest of the message's canonical bytes.
    pub digest: [u8; 16],
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    /// It waits behind a gap.
    Waiting,
    /// Its event was applied.
    Applied,
    /// Its event was refused. The sequence number is used up all the same: a refused event is
    /// answered by a further message, it does not hold up the feed.
    Refused,
}

/// What to do with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// Apply it, then those that wait right behind it.
    Apply,
    /// Change nothing: it is here already, with this outcome.
    Repeat(Outcome),
    /// Keep it until the gap before it is closed.
    Wait,
}

/// Why a message is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SequenceRefusal {
    /// Sequence numbers begin at 1.
    Zero,
    /// The number was used before, with other content or with content no longer known.
    RepeatDiffers,
    /// It is more than `FEED_AHEAD_MAX` ahead of the next expected one.
    TooFarAhead,
    /// `FEED_WAITING_MAX` messages wait already; once the gap is closed there is room.
    WaitingFull,
}

/// Decides about a message with this sequence number and digest. `seen` is what is known of the
/// same number from before.
pub fn decide(
    cursor: FeedCursor,
    sequence: u64,
    digest: [u8; 16],
    seen: Option<&Seen>,
) -> Result<Arrival, SequenceRefusal> {
    debug_assert!(cursor.next >= 1, "a feed begins at 1");
    if sequence == 0 {
        return Err(SequenceRefusal::Zero);
    }
    match seen {
        Some(seen) if seen.digest == digest => return Ok(Arrival::Repeat(seen.outcome)),
        Some(_) => return Err(SequenceRefusal::RepeatDiffers),
        None => {}
    }
    let ahead = sequence.checked_sub(cursor.next).ok_or(SequenceRefusal::RepeatDiffers)?;
    match ahead {
        0 => Ok(Arrival::Apply),
        _ if ahead > FEED_AHEAD_MAX => Err(SequenceRefusal::TooFarAhead),
        _ if cursor.waiting >= FEED_WAITING_MAX => Err(SequenceRefusal::WaitingFull),
        _ => Ok(Arrival::Wait),
    }
}

/// The sequence numbers that are missing before the last waiting one. `waiting` is in order and
/// holds nothing below `next`.
pub fn missing_ranges(next: u64, waiting: &[u64]) -> Vec<RangeInclusive<u64>> {
    debug_assert!(waiting.is_sorted() && waiting.first().is_none_or(|first| *first >= next));
    let mut missing = Vec::new();
    let mut expected = next;
    for &waits in waiting {
        if waits > expected {
            missing.push(expected..=waits - 1);
        }
        expected = waits.saturating_add(1);
    }
    missing
}

impl SequenceRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Zero => "feed_sequence",
            Self::RepeatDiffers => "feed_repeat_differs",
            Self::TooFarAhead => "feed_too_far_ahead",
            Self::WaitingFull => "feed_waiting_full",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::Index};
    use std::collections::{BTreeMap, BTreeSet};

    const ONE: [u8; 16] = [1; 16];

    #[test]
    fn one_row_per_answer_in_the_order_of_the_checks() {
        let full = FeedCursor { next: 10, waiting: FEED_WAITING_MAX };
        let free = FeedCursor { next: 10, waiting: FEED_WAITING_MAX - 1 };
        let seen = |digest, outcome| Some(Seen { digest, outcome });
        let applied = seen(ONE, Outcome::Applied);
        let other = seen([2; 16], Outcome::Waiting);
        for (cursor, sequence, seen, answer) in [
            (free, 0, applied, Err(SequenceRefusal::Zero)),
            (full, 3, applied, Ok(Arrival::Repeat(Outcome::Applied))),
            (full, 12, seen(ONE, Outcome::Waiting), Ok(Arrival::Repeat(Outcome::Waiting))),
            (free, 12, other, Err(SequenceRefusal::RepeatDiffers)),
            (free, 9, None, Err(SequenceRefusal::RepeatDiffers)),
            (full, 10, None, Ok(Arrival::Apply)),
            (full, 11 + FEED_AHEAD_MAX, None, Err(SequenceRefusal::TooFarAhead)),
            (free, 10 + FEED_AHEAD_MAX, None, Ok(Arrival::Wait)),
            (full, 11, None, Err(SequenceRefusal::WaitingFull)),
            (free, 11, None, Ok(Arrival::Wait)),
            (FeedCursor { next: 1, waiting: 0 }, 1, None, Ok(Arrival::Apply)),
        ] {
            assert_eq!(decide(cursor, sequence, ONE, seen.as_ref()), answer, "{sequence}");
        }
    }

    #[test]
    fn gaps_are_named() {
        assert_eq!(missing_ranges(5, &[]), []);
        assert_eq!(missing_ranges(5, &[5, 6]), []);
        assert_eq!(missing_ranges(5, &[7, 8, 12]), [5..=6, 9..=11]);
        assert_eq!(missing_ranges(1, &[u64::MAX]), [1..=u64::MAX - 1]);
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_ends_in_the_right_order(
            count in 1u64..40,
            shuffle in proptest::collection::vec(any::<Index>(), 120),
        ) {
            let mut cursor = FeedCursor { next: 1, waiting: 0 };
            let mut waiting = BTreeSet::new();
            let mut seen: BTreeMap<u64, Seen> = BTreeMap::new();
            let mut applied = Vec::new();
            let all = shuffle.iter().map(|index| index.index(count as usize) as u64 + 1);
            for sequence in all.chain(1..=count) {
                let digest = [sequence as u8; 16];
                match decide(cursor, sequence, digest, seen.get(&sequence)).unwrap() {
                    Arrival::Repeat(outcome) => {
                        prop_assert_eq!(outcome == Outcome::Applied, sequence < cursor.next);
                    }
                    Arrival::Wait => {
                        waiting.insert(sequence);
                        seen.insert(sequence, Seen { digest, outcome: Outcome::Waiting });
                    }
                    Arrival::Apply => {
                        let behind = waiting.iter().zip(sequence + 1..);
                        let run = behind.take_while(|(n, next)| *n == next).count() as u64;
                        for n in sequence..=sequence + run {
                            waiting.remove(&n);
                            let digest = [n as u8; 16];
                            seen.insert(n, Seen { digest, outcome: Outcome::Applied });
                            applied.push(n);
                        }
                        cursor.next = sequence + run + 1;
                    }
                }
                cursor.waiting = waiting.len() as u64;
                let waits: Vec<_> = waiting.iter().copied().collect();
                let missing = missing_ranges(cursor.next, &waits);
                let missing: u64 = missing.iter().map(|r| r.end() - r.start() + 1).sum();
                let last = waits.last().copied().unwrap_or(cursor.next - 1);
                prop_assert_eq!(missing + cursor.waiting, last + 1 - cursor.next);
            }
            prop_assert_eq!(applied, (1..=count).collect::<Vec<_>>());
        }
    }
}
