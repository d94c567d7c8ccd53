//! The leaf of this platform: one committed act, as canonical JSON.
//!
//! Owns the order of the fields, the limits of their texts and the commitments. A leaf is public
//! in the end: it names actor, purpose, legal basis and outcome, and binds the subject and the
//! content only by salted hashes. Destroying a salt leaves the log whole and the hash mute.
//! Assumes that callers put no personal value into the plain fields; these take only visible
//! ASCII, so that no name or address written in Japanese fits by accident.

use crate::tree::{Hash, read_hex};
use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// What a leaf is to say; becomes one by [`LeafEntry::new`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeafDraft {
    /// Time of the act, in microseconds since 1970.
    pub at_us: i64,
    /// Name of the act, as `resident_event`.
    pub act: Cow<'static, str>,
    /// Who acted, as `municipality:131016`.
    pub actor: Cow<'static, str>,
    /// What for.
    pub purpose: Cow<'static, str>,
    /// Legal basis and its version.
    pub basis: Cow<'static, str>,
    /// `done`, `read` or `refused:<label>`.
    pub outcome: Cow<'static, str>,
    /// Whom it concerns, if anybody.
    pub subject: Option<Commitment>,
    /// What was written or read.
    pub content: Commitment,
}

/// A leaf within all limits, version 1: at most 1,500 bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeafEntry(LeafDraft);

/// A salted hash that stands for something nobody should read here. Shown as lowercase hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commitment([u8; 32]);

/// A secret of 16 to 32 random bytes that makes a commitment unguessable; borrowed from whoever
/// keeps and destroys it.
#[derive(Clone, Copy)]
pub struct Salt<'a>(&'a [u8]);

/// Why something is not a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeafRefusal {
    /// Not the canonical JSON of version 1, byte for byte.
    Form,
    /// An act that is empty, over 64 bytes or not of `a-z 0-9 _`.
    Act,
    /// An actor that is empty, over 128 bytes or not visible ASCII.
    Actor,
    /// A purpose that is empty, over 128 bytes or not visible ASCII.
    Purpose,
    /// A basis that is empty, over 256 bytes or not visible ASCII.
    Basis,
    /// An outcome other than `done`, `read`, `intended` and `refused:` with a label of `a-z 0-9 _`.
    Outcome,
    /// A salt shorter than 16 or longer than 32 bytes.
    Salt,
}

impl LeafEntry {
    /// Holds a draft against the limits.
    ///
    /// # Errors
    /// [`LeafRefusal`] naming the first field outside its limit.
    pub fn new(draft: LeafDraft) -> Result<Self, LeafRefusal> {
        let label = draft.outcome.strip_prefix(REFUSED);
        let outcome =
            matches!(&*draft.outcome, "done" | "read" | "intended") || label.is_some_and(is_label);
        for (fits, refusal) in [
            (is_label(&draft.act), LeafRefusal::Act),
            (is_plain(&draft.actor, 128), LeafRefusal::Actor),
            (is_plain(&draft.purpose, 128), LeafRefusal::Purpose),
            (is_plain(&draft.basis, 256), LeafRefusal::Basis),
            (outcome, LeafRefusal::Outcome),
        ] {
            if !fits {
                return Err(refusal);
            }
        }
        Ok(Self(draft))
    }

    /// The fields.
    pub const fn fields(&self) -> &LeafDraft {
        &self.0
    }

    /// The canonical bytes: one JSON object, fields in fixed order, no white space, no escapes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let LeafDraft { at_us, act, actor, purpose, basis, outcome, subject, content } = &self.0;
        let mut text = String::with_capacity(FRAME_BYTES + self.text_bytes());
        // Writing into a String cannot fail.
        let _ = write!(text, "{HEAD}{at_us}");
        for (name, value) in [
            (ACT, &**act),
            (ACTOR, &**actor),
            (PURPOSE, &**purpose),
            (BASIS, &**basis),
            (OUTCOME, &**outcome),
        ] {
            text.push_str(name);
            text.push_str(value);
        }
        text.push_str(SUBJECT);
        match subject {
            None => text.push_str("null"),
            Some(subject) => subject.push_quoted(&mut text),
        }
        text.push_str(CONTENT);
        content.push_quoted(&mut text);
        text.push('}');
        text.into_bytes()
    }

    /// Reads canonical bytes. Whatever [`LeafEntry::to_bytes`] would write otherwise is refused.
    ///
    /// # Errors
    /// [`LeafRefusal`]: `Form`, or the field outside its limit.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafRefusal> {
        let text = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_prefix(HEAD));
        let mut rest = text.ok_or(LeafRefusal::Form)?;
        let mut until = |mark: &str| {
            let (value, after) = rest.split_once(mark).ok_or(LeafRefusal::Form)?;
            rest = after;
            Ok(value)
        };
        let at_us = until(ACT)?.parse().map_err(|_| LeafRefusal::Form)?;
        let mut owned = |mark| until(mark).map(|value| Cow::Owned(value.to_owned()));
        let (act, actor, purpose) = (owned(ACTOR)?, owned(PURPOSE)?, owned(BASIS)?);
        let (basis, outcome) = (owned(OUTCOME)?, owned(SUBJECT)?);
        let subject = match until(CONTENT)? {
            "null" => None,
            quoted => Some(Commitment::read_quoted(quoted)?),
        };
        let content = Commitment::read_quoted(until("}")?)?;
        let draft = LeafDraft { at_us, act, actor, purpose, basis, outcome, subject, content };
        let entry = Self::new(draft)?;
        if entry.to_bytes() == bytes { Ok(entry) } else { Err(LeafRefusal::Form) }
    }

    /// The hash under which the leaf stands in the log.
    pub fn leaf_hash(&self) -> Hash {
        Hash::leaf(&self.to_bytes())
    }

    fn text_bytes(&self) -> usize {
        let LeafDraft { act, actor, purpose, basis, outcome, .. } = &self.0;
        [act, actor, purpose, basis, outcome].iter().map(|text| text.len()).sum()
    }
}

impl Commitment {
    /// Takes 32 bytes that are already a commitment.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn push_quoted(&self, text: &mut String) {
        let digit = |value: u8| char::from(HEX[usize::from(value)]);
        text.push('"');
        for byte in self.0 {
            text.push(digit(byte >> 4));
            text.push(digit(byte & 15));
        }
        text.push('"');
    }

    fn read_quoted(text: &str) -> Result<Self, LeafRefusal> {
        let hex = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        hex.and_then(|hex| read_hex(hex.as_bytes())).map(Self).ok_or(LeafRefusal::Form)
    }
}

impl<'a> Salt<'a> {
    /// Borrows a salt.
    ///
    /// # Errors
    /// [`LeafRefusal::Salt`] outside 16–32 bytes.
    pub fn new(bytes: &'a [u8]) -> Result<Self, LeafRefusal> {
        if SALT_BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(LeafRefusal::Salt) }
    }
}

impl fmt::Debug for Salt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(redacted)")
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl LeafRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Form => "leaf_form",
            Self::Act => "leaf_act",
            Self::Actor => "leaf_actor",
            Self::Purpose => "leaf_purpose",
            Self::Basis => "leaf_basis",
            Self::Outcome => "leaf_outcome",
            Self::Salt => "leaf_salt",
        }
    }
}

impl fmt::Display for LeafRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for LeafRefusal {}

/// Commits to bytes under a salt, apart from every other domain: SHA-256 over the four texts
/// `sekisho-commitment-v1`, domain, salt and bytes, each after its length as eight big-endian
/// bytes.
pub fn commit(salt: &Salt<'_>, domain: &str, bytes: &[u8]) -> Commitment {
    let parts = [COMMITMENT.as_bytes(), domain.as_bytes(), salt.0, bytes];
    let length = parts.iter().map(|part| part.len() + 8).sum();
    let mut message = Vec::with_capacity(length);
    for part in parts {
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part);
    }
    Commitment(*Hash::of(&message).as_bytes())
}

fn is_label(text: &str) -> bool {
    let in_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(in_label)
}

/// Visible ASCII without the two characters that JSON would escape.
fn is_plain(text: &str, bytes_max: usize) -> bool {
    let visible = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    (1..=bytes_max).contains(&text.len()) && text.bytes().all(visible)
}

const HEAD: &str = r#"{"version":1,"at_us":"#;
const ACT: &str = r#","act":""#;
const ACTOR: &str = r#"","actor":""#;
const PURPOSE: &str = r#"","purpose":""#;
const BASIS: &str = r#"","basis":""#;
const OUTCOME: &str = r#"","outcome":""#;
const SUBJECT: &str = r#"","subject":"#;
const CONTENT: &str = r#","content":"#;
const REFUSED: &str = "refused:";
const HEX: &[u8; 16] = b"0123456789abcdef";
const COMMITMENT: &str = "sekisho-commitment-v1";
const SALT_BYTES: std::ops::RangeInclusive<usize> = 16..=32;
/// Upper bound of everything in a leaf but its texts.
const FRAME_BYTES: usize = 288;

#[cfg(test)]
mod tests;
