//! The operating system's entropy, through the cryptographic library's generator.

use aws_lc_rs::rand;
use base::Entropy;
use std::fmt;
use zeroize::Zeroizing;

/// Unpredictable bytes. Short requests are served from a small supply that is drawn at once; what
/// was handed out is wiped from it.
pub struct OsEntropy {
    supply: Zeroizing<[u8; SUPPLY]>,
    used: usize,
}

impl OsEntropy {
    /// A source with an empty supply.
    pub fn new() -> Self {
        Self { supply: Zeroizing::new([0; SUPPLY]), used: SUPPLY }
    }
}

impl Default for OsEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for OsEntropy {
    fn fill(&mut self, out: &mut [u8]) {
        if out.len() > SHORT {
            return draw(out);
        }
        if out.len() > SUPPLY - self.used {
            draw(&mut *self.supply);
            self.used = 0;
        }
        let supply = &mut self.supply[self.used..][..out.len()];
        out.copy_from_slice(supply);
        supply.fill(0);
        self.used += out.len();
    }
}

impl fmt::Debug for OsEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OsEntropy(..)")
    }
}

#[expect(clippy::expect_used, reason = "without entropy nothing may go on")]
fn draw(out: &mut [u8]) {
    rand::fill(out).expect("entropy");
}

const SUPPLY: usize = 1024;
const SHORT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_bytes_are_handed_out_twice() {
        let mut entropy = OsEntropy::new();
        let mut seen = BTreeSet::new();
        for _ in 0..1_000 {
            assert!(seen.insert(entropy.bytes::<12>().to_vec()));
            assert!(seen.insert(entropy.bytes::<64>().to_vec()));
            assert!(seen.insert(entropy.bytes::<65>().to_vec()));
        }
    }

    #[test]
    fn what_was_handed_out_is_wiped() {
        let mut entropy = OsEntropy::new();
        entropy.bytes::<32>();
        assert_eq!(entropy.supply[..32], [0; 32]);
        assert_ne!(entropy.supply[32..64], [0; 32]);
        assert_eq!(format!("{entropy:?}"), "OsEntropy(..)");
    }
}
