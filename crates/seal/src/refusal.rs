//! Why a sealed value does not open. Which check failed is for the operator; whoever calls the
//! platform learns one label, so that nobody can probe the format.

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
