//! Why an assignment is not made, and the label under which others will know it.
//! Positions and sizes only, never a number or a code.

use std::fmt;

use crate::ff1::Ff1Refusal;

/// Why an assignment, or the permutation under it, is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignmentRefusal {
    /// The key does not fit FF1.
    Key(Ff1Refusal),
    /// No permutation of this domain is offered.
    Domain {
        /// The digits asked for.
        digits: u32,
        /// The size asked for.
        below: u64,
    },
    /// A value is not in the domain.
    Outside {
        /// Which one, counted from 1.
        position: usize,
    },
    /// Not a resident record code.
    Code {
        /// Which one, counted from 1.
        position: usize,
    },
    /// The counter has run past the last resident record code.
    Counter,
    /// A generation above 7.
    Generation {
        /// The one asked for.
        found: u8,
    },
}

impl AssignmentRefusal {
    /// A stable name for logs and answers.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Key(refusal) => refusal.label(),
            Self::Domain { .. } => "assignment_domain",
            Self::Outside { .. } => "assignment_outside",
            Self::Code { .. } => "assignment_code",
            Self::Counter => "assignment_counter",
            Self::Generation { .. } => "assignment_generation",
        }
    }
}

impl fmt::Display for AssignmentRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(refusal) => refusal.fmt(f),
            Self::Domain { digits, below } => {
                write!(f, "no permutation of 0..{below} over {digits} digits is offered")
            }
            Self::Outside { position } => write!(f, "value {position} is outside the domain"),
            Self::Code { position } => write!(f, "value {position} is no resident record code"),
            Self::Counter => f.write_str("the counter is past the last resident record code"),
            Self::Generation { found } => write!(f, "generation {found}; there are 0 to 7"),
        }
    }
}

impl std::error::Error for AssignmentRefusal {}

impl From<Ff1Refusal> for AssignmentRefusal {
    fn from(refusal: Ff1Refusal) -> Self {
        Self::Key(refusal)
    }
}
