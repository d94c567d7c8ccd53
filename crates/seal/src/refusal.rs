//! Why a sealed value does not open. All refusals share one label, as the caller can do the same
//! about each: nothing. Which check failed stands in the detail, for the operator.

use base::Problem;
use std::fmt;

/// Why a sealed value, or what it held, was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SealRefusal {
    /// The first byte names a format that this program does not know.
    Version,
    /// Shorter than an empty sealed value.
    Short,
    /// The value was changed, belongs to another place, or was sealed under another key.
    Broken,
    /// The opened bytes are not the fields that were expected.
    Fields,
}

impl SealRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        "seal_broken"
    }
}

impl fmt::Display for SealRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "unknown format of a sealed value",
            Self::Short => "a sealed value is cut short",
            Self::Broken => "a sealed value was changed, moved or sealed under another key",
            Self::Fields => "a sealed value does not hold the expected fields",
        })
    }
}

impl std::error::Error for SealRefusal {}

impl From<SealRefusal> for Problem {
    fn from(refusal: SealRefusal) -> Self {
        Self::from_refusal(refusal.label()).detail(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_problem_that_says_which_check_failed() {
        let refusals =
            [SealRefusal::Version, SealRefusal::Short, SealRefusal::Broken, SealRefusal::Fields];
        let details = refusals.map(|refusal| {
            let problem = Problem::from(refusal);
            assert_eq!(problem.label(), "seal_broken");
            problem.detail_text().to_owned()
        });
        assert!(details.iter().collect::<std::collections::BTreeSet<_>>().len() == 4);
    }
}
