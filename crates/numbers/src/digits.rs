//! Digits written out: a short text on the stack that wipes itself.
//! What a personal number gives when it is asked to reveal itself.

use std::fmt;
use std::ops::Deref;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// `N` ASCII digits, readable as `&str`. `Debug` shows none of them; `Display` does, because
/// whoever holds this has asked for it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Digits<const N: usize>([u8; N]);

impl<const N: usize> Digits<N> {
    /// The last `N` digits of `number`, with leading zeros.
    pub(crate) fn of(mut number: u64) -> Self {
        let mut digits = [b'0'; N];
        for digit in digits.iter_mut().rev() {
            *digit += (number % 10) as u8;
            number /= 10;
        }
        Self(digits)
    }

    /// The digits as text.
    pub fn as_str(&self) -> &str {
        // Always ASCII: the array is private and only `of` writes it.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<const N: usize> Deref for Digits<N> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> fmt::Display for Digits<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Digits<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digits(••••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_stay() {
        let digits = Digits::<6>::of(10_006);
        assert_eq!(digits.as_str(), "010006");
        assert_eq!(digits.to_string(), "010006");
        assert!(digits.starts_with("01"));
        assert_eq!(format!("{digits:>8}"), "  010006");
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Digits::<6>::of(10_006)), "Digits(••••)");
    }

    #[test]
    fn wiping_wipes() {
        let mut digits = Digits::<6>::of(999_999);
        digits.zeroize();
        assert_eq!(digits.0, [0; 6]);
    }
}
