//! The generation of a number: how often the person's number was changed after a leak.
//! Owns the rule that there are eight under one resident record code.

use super::AssignmentRefusal;

/// 0 for a person's first number, one more for each change (番号法 art. 7(2)), up to 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Generation(u8);

impl Generation {
    /// The generation of a person's first number.
    pub const FIRST: Self = Self(0);

    /// The last one under the same resident record code.
    pub const LAST: Self = Self(7);

    /// Takes 0 to 7.
    pub fn new(generation: u8) -> Result<Self, AssignmentRefusal> {
        if generation <= Self::LAST.0 {
            Ok(Self(generation))
        } else {
            Err(AssignmentRefusal::Generation { found: generation })
        }
    }

    /// 0 to 7.
    pub fn get(self) -> u8 {
        self.0
    }

    /// The generation after a change; `None` after the last, when the person needs a new resident
    /// record code first.
    pub fn next(self) -> Option<Self> {
        Self::new(self.0 + 1).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_eight() {
        let all: Vec<u8> = std::iter::successors(Some(Generation::FIRST), |g| g.next())
            .map(Generation::get)
            .collect();
        assert_eq!(all, [0, 1, 2, 3, 4, 5, 6, 7]);
        let refusal = Generation::new(8).unwrap_err();
        assert_eq!(refusal.label(), "assignment_generation");
        assert_eq!(Generation::new(7), Ok(Generation::LAST));
    }
}
