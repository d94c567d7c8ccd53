//! Personal text that redacts itself: a name, an address, a reading.

use std::fmt;
use zeroize::Zeroize;

/// A piece of personal text. `Debug` shows nothing of it and there is no `Display`: to read it is
/// to call [`Personal::reveal`], which a reviewer can search for.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Personal(String);

impl Personal {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is any text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(..)")
    }
}

impl Drop for Personal {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let name = Personal::new("山田太郎");
        assert_eq!(format!("{name:?} {:?}", Some(&name)), "Personal(..) Some(Personal(..))");
        assert_eq!(name.reveal(), "山田太郎");
    }
}
