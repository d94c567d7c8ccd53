//! Checkpoints (C2SP tlog-checkpoint): what a log signs of itself, and what follows from two.
//!
//! Owns the text form, the opening of a signed checkpoint under the keys that one knew before,
//! and the judgement whether a later checkpoint continues an earlier one.

use crate::note::{Note, NoteRefusal, Signer, VerifierKey};
use crate::proof::{ProofRefusal, verify_consistency};
use crate::tree::{Hash, SIZE_MAX, TreeHead};
use std::{fmt, str::FromStr};

/// Name of a log, the first line of its checkpoints: one line, not empty, at most 255 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Origin(String);

/// The head of a named log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    origin: Origin,
    head: TreeHead,
    extensions: Vec<String>,
}

/// What an outsider knows of a log before reading anything: its name and its keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogIdentity {
    /// The name.
    pub origin: Origin,
    /// The log's keys; several while a key is being replaced.
    pub keys: Vec<VerifierKey>,
}

/// A checkpoint that the log itself signed. Comes only from [`LogIdentity::open`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
    cosigners: Vec<Signer>,
}

/// How a later checkpoint stands to an earlier one of the same log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// The same head.
    Same,
    /// The later log begins with the earlier one.
    Grows,
    /// The later one is smaller: stale, or rolled back.
    Shrinks,
    /// Proven to be of different histories. Both signed checkpoints are evidence: keep them.
    SplitView,
    /// The proof shows nothing. A log that cannot bring a better one is to be taken as split.
    Unproven,
    /// Checkpoints of different logs say nothing about each other.
    OtherLog,
}

/// Why a text is not a checkpoint, or not one to be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CheckpointRefusal {
    /// The note around it.
    Note(NoteRefusal),
    /// Fewer than three lines, or no last newline.
    Form,
    /// An origin that is empty, too long or has control characters.
    Origin,
    /// A size that is not a plain decimal below 2⁶³.
    Size,
    /// A root that is not the base64 of 32 bytes.
    Root,
    /// An extension line that is empty or has control characters.
    Extension,
    /// Of another log than asked for.
    OtherLog,
    /// Without a signature of the log's own key.
    NotByTheLog,
}

impl Origin {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its hash, by which monitors ask a witness for a log (C2SP tlog-witness).
    pub fn hash(&self) -> Hash {
        Hash::of(self.0.as_bytes())
    }
}

impl Checkpoint {
    /// A checkpoint without extension lines, as C2SP recommends.
    pub const fn new(origin: Origin, head: TreeHead) -> Self {
        Self { origin, head, extensions: Vec::new() }
    }

    /// The same with one more extension line.
    ///
    /// # Errors
    /// `Extension` for an empty line or control characters.
    pub fn with_extension(mut self, line: &str) -> Result<Self, CheckpointRefusal> {
        if line.is_empty() || line.bytes().any(|byte| byte < b' ') {
            return Err(CheckpointRefusal::Extension);
        }
        self.extensions.push(line.to_owned());
        Ok(self)
    }

    /// Name of the log.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Size and root.
    pub const fn head(&self) -> &TreeHead {
        &self.head
    }

    /// Extension lines.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// The text to be signed, with its last newline.
    pub fn text(&self) -> String {
        self.to_string()
    }

    /// The same as an unsigned note.
    ///
    /// # Errors
    /// `Note` if the extension lines make it too long.
    pub fn to_note(&self) -> Result<Note, CheckpointRefusal> {
        Note::new(&self.text()).map_err(CheckpointRefusal::Note)
    }

    /// How `next` stands to this one, given the consistency path between their sizes (empty
    /// where the sizes are equal or this one is empty).
    pub fn compare(&self, next: &Self, path: &[Hash]) -> Comparison {
        if self.origin != next.origin {
            return Comparison::OtherLog;
        }
        match verify_consistency(&self.head, &next.head, path) {
            Ok(()) if self.head == next.head => Comparison::Same,
            Ok(()) => Comparison::Grows,
            Err(ProofRefusal::Shrinks) => Comparison::Shrinks,
            Err(ProofRefusal::EarlierRoot) => Comparison::SplitView,
            Err(_) => Comparison::Unproven,
        }
    }
}

impl LogIdentity {
    /// Opens a signed checkpoint of this log. Cosignatures of the witnesses named are checked
    /// too; how many of them suffice is the caller's policy.
    ///
    /// # Errors
    /// [`CheckpointRefusal`]; a wrong signature of any known key refuses the whole.
    pub fn open(
        &self,
        note: &str,
        witnesses: &[VerifierKey],
    ) -> Result<SignedCheckpoint, CheckpointRefusal> {
        self.open_note(note.parse().map_err(CheckpointRefusal::Note)?, witnesses)
    }

    /// The same for a note that is read already.
    ///
    /// # Errors
    /// As [`LogIdentity::open`].
    pub fn open_note(
        &self,
        note: Note,
        witnesses: &[VerifierKey],
    ) -> Result<SignedCheckpoint, CheckpointRefusal> {
        let checkpoint: Checkpoint = note.text().parse()?;
        if checkpoint.origin != self.origin {
            return Err(CheckpointRefusal::OtherLog);
        }
        let known = [&self.keys[..], witnesses].concat();
        let verified = note.verify(&known).map_err(|refusal| match refusal {
            NoteRefusal::NoKnownKey => CheckpointRefusal::NotByTheLog,
            other => CheckpointRefusal::Note(other),
        })?;
        let (own, cosigners): (Vec<_>, Vec<_>) =
            verified.signers().iter().cloned().partition(|signer| self.keys.contains(&signer.key));
        if own.is_empty() {
            return Err(CheckpointRefusal::NotByTheLog);
        }
        Ok(SignedCheckpoint { checkpoint, note, cosigners })
    }
}

impl SignedCheckpoint {
    /// The checkpoint.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Size and root.
    pub const fn head(&self) -> &TreeHead {
        &self.checkpoint.head
    }

    /// The note as it was read, with the lines of unknown keys.
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// The known witnesses that cosigned, each once.
    pub fn cosigners(&self) -> &[Signer] {
        &self.cosigners
    }
}

impl FromStr for Origin {
    type Err = CheckpointRefusal;

    fn from_str(text: &str) -> Result<Self, CheckpointRefusal> {
        let length_fits = (1..=ORIGIN_BYTES_MAX).contains(&text.len());
        if !length_fits || text.contains(char::is_control) {
            return Err(CheckpointRefusal::Origin);
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointRefusal;

    fn from_str(text: &str) -> Result<Self, CheckpointRefusal> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointRefusal::Form)?;
        let mut lines = lines.split('\n');
        let mut next = || lines.next().ok_or(CheckpointRefusal::Form);
        let (origin, size, root) = (next()?.parse()?, next()?, next()?);
        let size = read_size(size).ok_or(CheckpointRefusal::Size)?;
        let root = Hash::from_base64(root).map_err(|_| CheckpointRefusal::Root)?;
        lines.try_fold(Self::new(origin, TreeHead { size, root }), Self::with_extension)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TreeHead { size, root } = self.head;
        writeln!(f, "{}\n{size}\n{}", self.origin, root.to_base64())?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

impl CheckpointRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Note(refusal) => refusal.label(),
            Self::Form => "checkpoint_form",
            Self::Origin => "checkpoint_origin",
            Self::Size => "checkpoint_size",
            Self::Root => "checkpoint_root",
            Self::Extension => "checkpoint_extension",
            Self::OtherLog => "checkpoint_other_log",
            Self::NotByTheLog => "checkpoint_not_by_the_log",
        }
    }
}

impl fmt::Display for CheckpointRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for CheckpointRefusal {}

impl Comparison {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Grows => "grows",
            Self::Shrinks => "shrinks",
            Self::SplitView => "split_view",
            Self::Unproven => "unproven",
            Self::OtherLog => "other_log",
        }
    }
}

/// A tree size: plain decimal without sign or leading zero, below 2⁶³.
pub(crate) fn read_size(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|size| canonical && *size <= SIZE_MAX)
}

const ORIGIN_BYTES_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::{KeyName, SignatureKind, cosign, sign};
    use crate::tree::root_of;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    const SOFA: &str = "example.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    fn actor(name: &str, kind: SignatureKind, seed: u8) -> (Ed25519KeyPair, VerifierKey) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let public = pair.public_key().as_ref().try_into().unwrap();
        let key = VerifierKey::new(name.parse::<KeyName>().unwrap(), kind, public);
        (pair, key)
    }

    fn by(pair: &Ed25519KeyPair) -> impl Fn(&[u8]) -> Result<Vec<u8>, ()> {
        |message| Ok(pair.sign(message).as_ref().to_vec())
    }

    #[test]
    fn the_example_of_the_specification_reads_back() {
        let checkpoint: Checkpoint = SOFA.parse().unwrap();
        assert_eq!(checkpoint.origin().as_str(), "example.com/behind-the-sofa");
        assert_eq!(checkpoint.head().size, 20_852_163);
        assert_eq!(checkpoint.text(), SOFA);
        let extended = format!("{SOFA}one\ntwo 2\n");
        let checkpoint: Checkpoint = extended.parse().unwrap();
        assert_eq!(checkpoint.extensions(), ["one", "two 2"]);
        assert_eq!(checkpoint.text(), extended);
    }

    #[test]
    fn malformed_texts() {
        use CheckpointRefusal::{Extension, Form, Origin, Root, Size};
        let root = Hash::EMPTY.to_base64();
        for (text, refusal) in [
            (String::new(), Form),
            ("o\n1\n".into(), Form),
            (format!("o\n1\n{root}"), Form),
            (format!("\n1\n{root}\n"), Origin),
            (format!("o\r\n1\n{root}\n"), Origin),
            (format!("{}\n1\n{root}\n", "o".repeat(256)), Origin),
            (format!("o\n\n{root}\n"), Size),
            (format!("o\n01\n{root}\n"), Size),
            (format!("o\n00\n{root}\n"), Size),
            (format!("o\n+1\n{root}\n"), Size),
            (format!("o\n-1\n{root}\n"), Size),
            (format!("o\n1 \n{root}\n"), Size),
            (format!("o\n9223372036854775808\n{root}\n"), Size),
            (format!("o\n1\n{}\n", &root[1..]), Root),
            (format!("o\n1\n{}\n", root.replace('=', "")), Root),
            (format!("o\n1\n{root}\n\n"), Extension),
            (format!("o\n1\n{root}\n\nx\n"), Extension),
            (format!("o\n1\n{root}\nx\ty\n"), Extension),
        ] {
            assert_eq!(text.parse::<Checkpoint>(), Err(refusal), "{text:?}");
        }
        let largest = format!("go.sum database tree\n{SIZE_MAX}\n{root}\n");
        assert_eq!(largest.parse::<Checkpoint>().unwrap().text(), largest);
    }

    #[test]
    fn only_the_log_itself_opens_its_checkpoint() {
        let (log_pair, log_key) = actor("example.com/behind-the-sofa", SignatureKind::Ed25519, 1);
        let (w_pair, w_key) = actor("w", SignatureKind::CosignatureV1, 2);
        let witnesses = std::slice::from_ref(&w_key);
        let origin: Origin = "example.com/behind-the-sofa".parse().unwrap();
        let log = LogIdentity { origin, keys: vec![log_key.clone()] };
        let checkpoint: Checkpoint = SOFA.parse().unwrap();
        let mut note = checkpoint.to_note().unwrap();
        note.add(cosign(SOFA, &w_key, 9, by(&w_pair)).unwrap()).unwrap();
        let by_witness_alone = log.open(&note.to_string(), witnesses);
        assert_eq!(by_witness_alone, Err(CheckpointRefusal::NotByTheLog));
        note.add(sign(SOFA, &log_key, by(&log_pair)).unwrap()).unwrap();
        let opened = log.open(&note.to_string(), witnesses).unwrap();
        assert_eq!(opened.checkpoint(), &checkpoint);
        assert_eq!(opened.cosigners(), [Signer { key: w_key, time_s: Some(9) }]);
        assert_eq!(opened.to_string(), note.to_string());
        assert!(log.open(&note.to_string(), &[]).unwrap().cosigners().is_empty());
        let other = LogIdentity { origin: "other".parse().unwrap(), ..log.clone() };
        assert_eq!(other.open(&note.to_string(), &[]), Err(CheckpointRefusal::OtherLog));
        let bent = note.to_string().replace("20852163", "20852164");
        let wrong = CheckpointRefusal::Note(NoteRefusal::WrongSignature);
        assert_eq!(log.open(&bent, &[]), Err(wrong));
    }

    #[test]
    fn every_comparison() {
        let leaves: Vec<_> = (0..4_u8).map(|leaf| Hash::leaf(&[leaf])).collect();
        let named = |origin: &str, size: u64, root| {
            Checkpoint::new(origin.parse().unwrap(), TreeHead { size, root })
        };
        let at = |size: usize| named("log", size as u64, root_of(&leaves[..size]));
        let path = [leaves[2], leaves[3], Hash::node(&leaves[0], &leaves[1])];
        let forked = root_of(&[leaves[0], leaves[1], leaves[0]]);
        for (previous, next, path, expected) in [
            (at(3), at(3), &[][..], Comparison::Same),
            (at(3), at(4), &path, Comparison::Grows),
            (at(0), at(4), &[], Comparison::Grows),
            (at(4), at(3), &path, Comparison::Shrinks),
            (named("log", 3, forked), at(3), &[], Comparison::SplitView),
            (named("log", 3, forked), at(4), &path, Comparison::SplitView),
            (at(3), named("log", 4, forked), &path, Comparison::Unproven),
            (at(3), at(4), &path[..2], Comparison::Unproven),
            (named("other", 3, at(3).head.root), at(4), &path, Comparison::OtherLog),
        ] {
            assert_eq!(previous.compare(&next, path), expected);
        }
    }
}
