//! What the platform's keys are for, and what becomes of each when a new epoch begins.
//!
//! One table for everything that speaks of keys: ceremonies, status, rotation, destruction. The
//! keys of certification authorities are not among them: they have generations of their own.

use base::{Problem, labels};
use ports::{KeyKind, KeyLabel};
use x509::KeyAlgorithm;

/// A key of the platform, whatever its epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KeyRole {
    /// Permutation from record code and generation to the number.
    Numbering,
    /// Permutation from the stock counter to the record code.
    RecordCode,
    /// MAC of the blind indexes.
    Index,
    /// MAC of the subjects' pseudonyms.
    Pseudonym,
    /// MAC from which the municipalities' digest keys come.
    SetDigest,
    /// MAC that recognises repeated messages and requests.
    Repeat,
    /// Key-encryption key.
    Kek,
    /// Signs checkpoints.
    Ledger,
    /// Signs callers' tokens.
    Token,
}

/// How a key of the next epoch takes over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rotation {
    /// Everything that hangs on the key is moved to the new one; then the former is done with.
    Moves,
    /// Both count until an operator ends it.
    Overlaps,
    /// The new one is used from then on; what was made before is found with the former for ever.
    Onwards,
    /// There is no next epoch, for this reason.
    Never(&'static str),
}

impl KeyRole {
    /// All keys, in the order in which a ceremony makes them.
    pub const ALL: [Self; 9] = [
        Self::Numbering,
        Self::RecordCode,
        Self::Index,
        Self::Pseudonym,
        Self::SetDigest,
        Self::Repeat,
        Self::Kek,
        Self::Ledger,
        Self::Token,
    ];

    /// The name before the epoch.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Numbering => "numbering",
            Self::RecordCode => "record-code",
            Self::Index => "index",
            Self::Pseudonym => "pseudonym",
            Self::SetDigest => "set-digest",
            Self::Repeat => "repeat",
            Self::Kek => "kek",
            Self::Ledger => "ledger",
            Self::Token => "token",
        }
    }

    /// What kind of key it is.
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Numbering | Self::RecordCode => KeyKind::Permutation,
            Self::Index | Self::Pseudonym | Self::SetDigest | Self::Repeat => KeyKind::Mac,
            Self::Kek => KeyKind::Wrap,
            Self::Ledger | Self::Token => KeyKind::Sign(KeyAlgorithm::Ed25519),
        }
    }

    /// What it does, for people.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Numbering => "makes numbers of record codes",
            Self::RecordCode => "makes record codes of counters",
            Self::Index => "finds codes, numbers and names",
            Self::Pseudonym => "finds the acts about a person",
            Self::SetDigest => "gives each municipality its digest key",
            Self::Repeat => "recognises what comes again",
            Self::Kek => "wraps the data keys",
            Self::Ledger => "signs checkpoints",
            Self::Token => "signs callers' tokens",
        }
    }

    /// How the next epoch takes over.
    pub const fn rotation(self) -> Rotation {
        match self {
            Self::Numbering | Self::RecordCode => Rotation::Never(
                "it defines every code or number that was ever given: another key would give \
                 them again (N1)",
            ),
            Self::Index => Rotation::Never(
                "its values are the keys that keep a code or number from a second holder (N1), \
                 and those of disposed persons cannot be made again",
            ),
            Self::Pseudonym | Self::Repeat => Rotation::Onwards,
            Self::SetDigest | Self::Kek => Rotation::Moves,
            Self::Ledger | Self::Token => Rotation::Overlaps,
        }
    }

    /// The key of this name.
    ///
    /// # Errors
    /// `key_label_unknown`.
    pub fn named(name: &str) -> Result<Self, Problem> {
        let found = Self::ALL.into_iter().find(|role| role.name() == name);
        found.ok_or_else(|| {
            let detail = format!(
                "{name}: the platform has no such key; those of certification authorities are \
                 made and followed with the authority"
            );
            Problem::new(&labels::KEY_LABEL_UNKNOWN, detail)
        })
    }

    /// The label of one epoch, counted from 1.
    ///
    /// # Errors
    /// `key_operation` for epoch 0.
    pub fn label(self, epoch: u32) -> Result<KeyLabel, Problem> {
        format!("{}/{epoch}", self.name()).parse().map_err(Problem::from)
    }

    /// Its place in [`Self::ALL`].
    pub(crate) const fn place(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_by_its_name_and_stands_in_its_place() {
        for (place, role) in KeyRole::ALL.into_iter().enumerate() {
            assert_eq!(KeyRole::named(role.name()).unwrap(), role);
            assert_eq!(role.place(), place);
            assert_eq!(role.label(3).unwrap().epoch(), Some(3));
        }
        for name in ["", "kek/1", "witness", "ca-signature", "KEK"] {
            assert_eq!(KeyRole::named(name).unwrap_err().label(), "key_label_unknown");
        }
    }
}
