//! Signed notes (C2SP signed-note): a text and the lines of those who signed it; Ed25519
//! signatures (type 0x01) and timestamped cosignatures (type 0x04, C2SP tlog-cosignature).
//!
//! Owns names, key identifiers, the wire form and checking. Assumes private keys live elsewhere:
//! signing is a call-back that gets the message, and what it answers is checked before it is used.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fmt, str::FromStr};

mod key;

pub use key::{KeyName, PUBLIC_BYTES, SignatureKind, VerifierKey};

/// One line of a note, `— <name> <base64 of key id and signature>`; not yet believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignatureLine {
    name: KeyName,
    id: u32,
    signature: Vec<u8>,
}

/// A text with signature lines; not yet believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    text: String,
    lines: Vec<SignatureLine>,
}

/// A text that at least one known key signed and no known key contradicts. Comes only from
/// [`Note::verify`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedNote {
    text: String,
    signers: Vec<Signer>,
}

/// A known key whose signature was checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signer {
    /// The key.
    pub key: VerifierKey,
    /// For a cosignature the signer's time, in seconds since 1970.
    pub time_s: Option<u64>,
}

/// Why something is not a note, a key or a line, or is not to be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoteRefusal {
    /// Over 512 KiB.
    Length,
    /// Over 64 signature lines.
    Signatures,
    /// No text, no empty line before the signatures, or no last newline.
    Form,
    /// A control character other than newline, or not UTF-8.
    Character,
    /// A key name that is empty, too long or has white space or a plus sign.
    KeyName,
    /// A verifier key of another form, or whose key id is not that of name and key.
    KeyForm,
    /// A signature type other than 0x01 and 0x04.
    KeyKind,
    /// A line that is not a dash, a name and base64 of at least five bytes.
    LineForm,
    /// A line of a known key whose signature is wrong: the whole note is refused.
    WrongSignature,
    /// No line of a known key.
    NoKnownKey,
}

/// Why nothing was signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignError<E> {
    /// The key store refused or failed.
    Store(E),
    /// The key signs the other way: plain for a cosignature, or timed for a plain signature.
    Kind,
    /// A time of zero, or 2⁶³ and above.
    Time,
    /// The key store's answer is not a signature by this key.
    WrongSignature,
}

impl VerifierKey {
    /// Whether a line claims to be by this key.
    pub fn owns(&self, line: &SignatureLine) -> bool {
        self.id() == line.id && *self.name() == line.name
    }

    /// Checks the signature of a line of this key; for a cosignature the answer holds its time.
    fn check(&self, text: &str, signature: &[u8]) -> Result<Signer, NoteRefusal> {
        let (time_s, message, signature) = match self.kind() {
            SignatureKind::Ed25519 => (None, text.to_owned(), signature),
            SignatureKind::CosignatureV1 => {
                let (time, rest) =
                    signature.split_first_chunk().ok_or(NoteRefusal::WrongSignature)?;
                let time_s = u64::from_be_bytes(*time);
                (Some(time_s), cosigned_message(time_s, text), rest)
            }
        };
        let in_range = time_s.is_none_or(|time_s| time_s <= TIME_S_MAX);
        let right = UnparsedPublicKey::new(&ED25519, self.public())
            .verify(message.as_bytes(), signature)
            .is_ok();
        if !in_range || !right {
            return Err(NoteRefusal::WrongSignature);
        }
        Ok(Signer { key: self.clone(), time_s })
    }
}

impl SignatureLine {
    /// The name of the key that it claims to be by.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key that it claims to be by.
    pub const fn id(&self) -> u32 {
        self.id
    }
}

impl Note {
    /// A text that nobody signed yet.
    ///
    /// # Errors
    /// `Form` if it does not end in a newline, `Character`, or `Length`.
    pub fn new(text: &str) -> Result<Self, NoteRefusal> {
        if text.len() > NOTE_BYTES_MAX {
            return Err(NoteRefusal::Length);
        }
        if text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(NoteRefusal::Character);
        }
        if !text.ends_with('\n') {
            return Err(NoteRefusal::Form);
        }
        Ok(Self { text: text.to_owned(), lines: Vec::new() })
    }

    /// Reads a signed note from bytes.
    ///
    /// # Errors
    /// [`NoteRefusal`] naming the first thing that is not of the form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NoteRefusal> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteRefusal::Length);
        }
        std::str::from_utf8(bytes).map_err(|_| NoteRefusal::Character)?.parse()
    }

    /// The text, with its last newline; believe it only when verified.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in order.
    pub fn lines(&self) -> &[SignatureLine] {
        &self.lines
    }

    /// Adds a line, unless it is there already.
    ///
    /// # Errors
    /// `Signatures` when the note is full.
    pub fn add(&mut self, line: SignatureLine) -> Result<(), NoteRefusal> {
        if self.lines.contains(&line) {
            return Ok(());
        }
        if self.lines.len() == SIGNATURES_MAX {
            return Err(NoteRefusal::Signatures);
        }
        self.lines.push(line);
        Ok(())
    }

    /// Checks every line of a known key. Lines of other keys count for nothing, either way. A
    /// key that signed twice counts once, with its first line.
    ///
    /// # Errors
    /// `WrongSignature` or `NoKnownKey`.
    pub fn verify(&self, known: &[VerifierKey]) -> Result<VerifiedNote, NoteRefusal> {
        let mut signers: Vec<Signer> = Vec::new();
        for line in &self.lines {
            let Some(key) = known.iter().find(|key| key.owns(line)) else { continue };
            let signer = key.check(&self.text, &line.signature)?;
            if signers.iter().all(|before| before.key != signer.key) {
                signers.push(signer);
            }
        }
        if signers.is_empty() {
            return Err(NoteRefusal::NoKnownKey);
        }
        Ok(VerifiedNote { text: self.text.clone(), signers })
    }
}

impl VerifiedNote {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The known keys that signed, each once, in the order of the lines.
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }
}

impl FromStr for SignatureLine {
    type Err = NoteRefusal;

    fn from_str(text: &str) -> Result<Self, NoteRefusal> {
        let rest = text.strip_prefix(DASH).ok_or(NoteRefusal::LineForm)?;
        let (name, signature) = rest.split_once(' ').ok_or(NoteRefusal::LineForm)?;
        let name = name.parse()?;
        let bytes = STANDARD.decode(signature).map_err(|_| NoteRefusal::LineForm)?;
        let (id, signature) = bytes.split_first_chunk().ok_or(NoteRefusal::LineForm)?;
        if signature.is_empty() {
            return Err(NoteRefusal::LineForm);
        }
        Ok(Self { name, id: u32::from_be_bytes(*id), signature: signature.to_vec() })
    }
}

impl FromStr for Note {
    type Err = NoteRefusal;

    fn from_str(note: &str) -> Result<Self, NoteRefusal> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteRefusal::Length);
        }
        let (text, _) = note.rsplit_once("\n\n").ok_or(NoteRefusal::Form)?;
        let (text, lines) = note.split_at(text.len() + 1);
        let mut read = Self::new(text)?;
        read.lines = read_lines(&lines[1..])?;
        if read.lines.is_empty() { Err(NoteRefusal::Form) } else { Ok(read) }
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.to_be_bytes(), &self.signature[..]].concat();
        write!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl NoteRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Length => "note_length",
            Self::Signatures => "note_signatures",
            Self::Form => "note_form",
            Self::Character => "note_character",
            Self::KeyName => "note_key_name",
            Self::KeyForm => "note_key_form",
            Self::KeyKind => "note_key_kind",
            Self::LineForm => "note_line_form",
            Self::WrongSignature => "note_wrong_signature",
            Self::NoKnownKey => "note_no_known_key",
        }
    }
}

impl fmt::Display for NoteRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for NoteRefusal {}

impl<E> SignError<E> {
    /// The stable label.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Store(_) => "sign_store",
            Self::Kind => "sign_kind",
            Self::Time => "sign_time",
            Self::WrongSignature => "sign_wrong_signature",
        }
    }
}

/// Signs a text with a plain Ed25519 key. `sign` gets the message and answers with 64 bytes.
///
/// # Errors
/// [`SignError`]; a signature that the key does not confirm is never handed out.
pub fn sign<E>(
    text: &str,
    key: &VerifierKey,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<SignatureLine, SignError<E>> {
    if key.kind() != SignatureKind::Ed25519 {
        return Err(SignError::Kind);
    }
    let signature = sign(text.as_bytes()).map_err(SignError::Store)?;
    confirmed_line(text, key, signature)
}

/// Cosigns the text of a checkpoint at a time in seconds since 1970.
///
/// # Errors
/// [`SignError`]; a signature that the key does not confirm is never handed out.
pub fn cosign<E>(
    text: &str,
    key: &VerifierKey,
    time_s: u64,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<SignatureLine, SignError<E>> {
    if key.kind() != SignatureKind::CosignatureV1 {
        return Err(SignError::Kind);
    }
    if time_s == 0 || time_s > TIME_S_MAX {
        return Err(SignError::Time);
    }
    let message = cosigned_message(time_s, text);
    let signature = sign(message.as_bytes()).map_err(SignError::Store)?;
    confirmed_line(text, key, [&time_s.to_be_bytes(), &signature[..]].concat())
}

/// Reads signature lines, each ended by a newline, as a witness answers them.
///
/// # Errors
/// [`NoteRefusal`] naming the first thing that is not of the form.
pub fn read_lines(text: &str) -> Result<Vec<SignatureLine>, NoteRefusal> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let lines = text.strip_suffix('\n').ok_or(NoteRefusal::Form)?;
    if lines.split('\n').nth(SIGNATURES_MAX).is_some() {
        return Err(NoteRefusal::Signatures);
    }
    lines.split('\n').map(str::parse).collect()
}

fn confirmed_line<E>(
    text: &str,
    key: &VerifierKey,
    signature: Vec<u8>,
) -> Result<SignatureLine, SignError<E>> {
    key.check(text, &signature).map_err(|_| SignError::WrongSignature)?;
    Ok(SignatureLine { name: key.name().clone(), id: key.id(), signature })
}

fn cosigned_message(time_s: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

/// Longest note; sixteen post-quantum signatures of unknown keys fit several times.
pub const NOTE_BYTES_MAX: usize = 512 * 1024;
/// Most lines of a note; C2SP asks for at least sixteen.
pub const SIGNATURES_MAX: usize = 64;
const TIME_S_MAX: u64 = i64::MAX as u64;
const DASH: &str = "— ";

#[cfg(test)]
mod tests;
