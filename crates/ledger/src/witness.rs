//! The decision of a witness (C2SP tlog-witness, `add-checkpoint`): whether to cosign.
//!
//! Owns the request's wire form and the order of the checks. Assumes that the caller loads what
//! the witness last cosigned for the log, and stores the new head in the same transaction in
//! which that was read, before the cosignature leaves the house.

use crate::checkpoint::{CheckpointRefusal, LogIdentity, SignedCheckpoint, read_size};
use crate::note::{Note, NoteRefusal, SignError, SignatureLine, VerifierKey, cosign, read_lines};
use crate::proof::{ProofRefusal, verify_consistency};
use crate::tree::{Hash, TreeHead};
use std::{fmt, str::FromStr};

/// A request to cosign: the size the witness is thought to know, the way from there, and the note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Size of the checkpoint last cosigned, as the client believes.
    pub old: u64,
    /// Consistency path from that size to the checkpoint's.
    pub path: Vec<Hash>,
    /// The signed checkpoint.
    pub note: Note,
}

/// A log that the witness watches, and the head it last cosigned; none before the first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchedLog {
    /// Name and keys.
    pub identity: LogIdentity,
    /// The head last cosigned.
    pub last: Option<TreeHead>,
}

/// What the witness does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// 200: store the head, then cosign; the body is the signature line.
    Cosign(Approved),
    /// 409: the client is behind; the body is [`conflict_body`].
    Conflict {
        /// Size of the head last cosigned.
        known: u64,
    },
    /// Another status, by reason.
    Refused(WitnessRefusal),
}

/// A checkpoint that passed every check of a witness. Comes only from [`decide`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Approved {
    checkpoint: SignedCheckpoint,
}

/// Why the witness does not cosign, in the order of the checks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WitnessRefusal {
    /// 400: not a request, or not a checkpoint within.
    Form,
    /// 404: a log that is not watched.
    UnknownLog,
    /// 403: no signature of a key of the log.
    NotByTheLog,
    /// 403: a signature of a key of the log that is wrong.
    WrongSignature,
    /// 400: the old size is above the checkpoint's.
    OldSize,
    /// 422: a log without leaves and with a root other than the empty one.
    EmptyRoot,
    /// 422: not as many hashes as a proof between these sizes has.
    ProofLength,
    /// 422: the path does not lead to the checkpoint's root.
    Proof,
    /// 422: the path shows another earlier root than the one cosigned, or the same size has
    /// another root. Evidence against the log: keep the request.
    SplitView,
}

impl Decision {
    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Cosign(_) => 200,
            Self::Conflict { .. } => 409,
            Self::Refused(refusal) => refusal.status(),
        }
    }
}

impl Approved {
    /// The checkpoint.
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// The head to store before cosigning.
    pub const fn head(&self) -> &TreeHead {
        self.checkpoint.head()
    }

    /// Cosigns at a time in seconds since 1970.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn cosign<E>(
        &self,
        key: &VerifierKey,
        time_s: u64,
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<SignatureLine, SignError<E>> {
        cosign(self.checkpoint.note().text(), key, time_s, sign)
    }
}

impl Request {
    /// First line of the checkpoint, to find the log by; nothing is checked yet.
    pub fn origin(&self) -> &str {
        self.note.text().split('\n').next().unwrap_or_default()
    }
}

impl FromStr for Request {
    type Err = WitnessRefusal;

    fn from_str(body: &str) -> Result<Self, WitnessRefusal> {
        let (head, note) = body.split_once("\n\n").ok_or(WitnessRefusal::Form)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old = old.and_then(read_size).ok_or(WitnessRefusal::Form)?;
        let path: Vec<&str> = lines.collect();
        if path.len() > PATH_MAX {
            return Err(WitnessRefusal::Form);
        }
        let path = path.into_iter().map(Hash::from_base64).collect::<Result<_, _>>();
        let path = path.map_err(|_| WitnessRefusal::Form)?;
        let note = note.parse().map_err(|_| WitnessRefusal::Form)?;
        Ok(Self { old, path, note })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.note)
    }
}

impl WitnessRefusal {
    /// All, in the order of the checks.
    pub const ALL: [Self; 9] = [
        Self::Form,
        Self::UnknownLog,
        Self::NotByTheLog,
        Self::WrongSignature,
        Self::OldSize,
        Self::EmptyRoot,
        Self::ProofLength,
        Self::Proof,
        Self::SplitView,
    ];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Form => "witness_form",
            Self::UnknownLog => "witness_unknown_log",
            Self::NotByTheLog => "witness_not_by_the_log",
            Self::WrongSignature => "witness_wrong_signature",
            Self::OldSize => "witness_old_size",
            Self::EmptyRoot => "witness_empty_root",
            Self::ProofLength => "witness_proof_length",
            Self::Proof => "witness_proof",
            Self::SplitView => "witness_split_view",
        }
    }

    /// The HTTP status that C2SP tlog-witness gives it.
    pub const fn status(self) -> u16 {
        match self {
            Self::Form | Self::OldSize => 400,
            Self::NotByTheLog | Self::WrongSignature => 403,
            Self::UnknownLog => 404,
            Self::EmptyRoot | Self::ProofLength | Self::Proof | Self::SplitView => 422,
        }
    }
}

impl fmt::Display for WitnessRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for WitnessRefusal {}

/// Decides a request, given the log of that origin if the witness watches it.
pub fn decide(request: &Request, log: Option<&WatchedLog>) -> Decision {
    let Some(log) = log else { return Decision::Refused(WitnessRefusal::UnknownLog) };
    let checkpoint = match log.identity.open_note(request.note.clone(), &[]) {
        Ok(checkpoint) => checkpoint,
        Err(refusal) => return Decision::Refused(refusal.into()),
    };
    let next = *checkpoint.head();
    let last = log.last.unwrap_or(TreeHead::EMPTY);
    if request.old > next.size {
        return Decision::Refused(WitnessRefusal::OldSize);
    }
    if request.old != last.size {
        return Decision::Conflict { known: last.size };
    }
    if next.size == 0 && next.root != Hash::EMPTY {
        return Decision::Refused(WitnessRefusal::EmptyRoot);
    }
    match verify_consistency(&last, &next, &request.path) {
        Ok(()) => Decision::Cosign(Approved { checkpoint }),
        Err(refusal) => Decision::Refused(refusal.into()),
    }
}

/// Body of the answer 409.
pub fn conflict_body(known: u64) -> String {
    format!("{known}\n")
}

/// Reads the body of an answer 409: the size that the witness last cosigned.
pub fn read_conflict(body: &str) -> Option<u64> {
    read_size(body.strip_suffix('\n')?)
}

/// Reads the body of an answer 200: the cosignature of `key` over the text of the checkpoint that
/// was asked about. Lines of other keys count for nothing, either way.
///
/// # Errors
/// The form of the body; `NoKnownKey` without a line of the key; `WrongSignature` for a line that
/// does not verify or that names no time.
pub fn read_cosignature(
    body: &str,
    text: &str,
    key: &VerifierKey,
) -> Result<SignatureLine, NoteRefusal> {
    let own = read_lines(body)?.into_iter().find(|line| key.owns(line));
    let line = own.ok_or(NoteRefusal::NoKnownKey)?;
    let mut note = Note::new(text)?;
    note.add(line.clone())?;
    let verified = note.verify(std::slice::from_ref(key))?;
    let timed = |time_s: Option<u64>| time_s.is_some_and(|time_s| time_s > 0);
    if !verified.signers().iter().all(|signer| timed(signer.time_s)) {
        return Err(NoteRefusal::WrongSignature);
    }
    Ok(line)
}

impl From<CheckpointRefusal> for WitnessRefusal {
    fn from(refusal: CheckpointRefusal) -> Self {
        match refusal {
            CheckpointRefusal::OtherLog => Self::UnknownLog,
            CheckpointRefusal::NotByTheLog => Self::NotByTheLog,
            CheckpointRefusal::Note(NoteRefusal::WrongSignature) => Self::WrongSignature,
            _ => Self::Form,
        }
    }
}

impl From<ProofRefusal> for WitnessRefusal {
    fn from(refusal: ProofRefusal) -> Self {
        match refusal {
            ProofRefusal::Length => Self::ProofLength,
            ProofRefusal::EarlierRoot => Self::SplitView,
            ProofRefusal::Shrinks => Self::OldSize,
            ProofRefusal::Index | ProofRefusal::Root => Self::Proof,
        }
    }
}

/// `Content-Type` of the answer 409.
pub const CONFLICT_CONTENT_TYPE: &str = "text/x.tlog.size";
/// Most proof lines of a request.
const PATH_MAX: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::note::{KeyName, SignatureKind, sign};
    use crate::tree::root_of;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    struct World {
        pair: Ed25519KeyPair,
        key: VerifierKey,
        leaves: Vec<Hash>,
    }

    impl World {
        fn new(seed: u8) -> Self {
            let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
            let public = pair.public_key().as_ref().try_into().unwrap();
            let name: KeyName = "log.example".parse().unwrap();
            let key = VerifierKey::new(name, SignatureKind::Ed25519, public);
            let leaves = (0..4_u8).map(|leaf| Hash::leaf(&[leaf])).collect();
            Self { pair, key, leaves }
        }

        fn head(&self, size: usize) -> TreeHead {
            TreeHead { size: size as u64, root: root_of(&self.leaves[..size]) }
        }

        fn note(&self, origin: &str, head: TreeHead) -> Note {
            let mut note = Checkpoint::new(origin.parse().unwrap(), head).to_note().unwrap();
            let by = |m: &[u8]| Ok::<_, ()>(self.pair.sign(m).as_ref().to_vec());
            note.add(sign(note.text(), &self.key, by).unwrap()).unwrap();
            note
        }

        fn request(&self, old: u64, head: TreeHead, path: &[Hash]) -> Request {
            Request { old, path: path.to_vec(), note: self.note("log.example", head) }
        }

        fn three_to_four(&self) -> [Hash; 3] {
            let l = &self.leaves;
            [l[2], l[3], Hash::node(&l[0], &l[1])]
        }

        fn watched(&self, last: Option<TreeHead>) -> WatchedLog {
            let identity = LogIdentity {
                origin: "log.example".parse().unwrap(),
                keys: vec![self.key.clone()],
            };
            WatchedLog { identity, last }
        }
    }

    #[test]
    fn what_continues_is_cosigned() {
        let world = World::new(1);
        let path = world.three_to_four();
        for (last, old, size, path) in [
            (None, 0, 4, &[][..]),
            (None, 0, 0, &[]),
            (Some(world.head(0)), 0, 3, &[]),
            (Some(world.head(3)), 3, 4, &path),
            (Some(world.head(3)), 3, 3, &[]),
        ] {
            let request = world.request(old, world.head(size), path);
            let Decision::Cosign(approved) = decide(&request, Some(&world.watched(last))) else {
                panic!("not cosigned: {old} to {size}")
            };
            assert_eq!(*approved.head(), world.head(size));
        }
    }

    #[test]
    fn a_cosignature_verifies_beside_the_logs_own() {
        let (world, witness) = (World::new(1), World::new(2));
        let public = *witness.key.public();
        let key = VerifierKey::new("w".parse().unwrap(), SignatureKind::CosignatureV1, public);
        let request = world.request(0, world.head(4), &[]);
        let log = world.watched(None);
        let Decision::Cosign(approved) = decide(&request, Some(&log)) else { panic!() };
        let by = |m: &[u8]| Ok::<_, ()>(witness.pair.sign(m).as_ref().to_vec());
        let line = approved.cosign(&key, 1_700_000_000, by).unwrap();
        let body = format!("{}{line}\n", request.note);
        let opened = log.identity.open(&body, &[key]).unwrap();
        assert_eq!(opened.cosigners()[0].time_s, Some(1_700_000_000));
    }

    #[test]
    fn only_a_cosignature_of_the_key_is_read() {
        let (world, witness) = (World::new(1), World::new(2));
        let public = *witness.key.public();
        let named = |name: &str, kind| VerifierKey::new(name.parse().unwrap(), kind, public);
        let key = named("w", SignatureKind::CosignatureV1);
        let text = world.note("log.example", world.head(4)).text().to_owned();
        let by = |m: &[u8]| Ok::<_, ()>(witness.pair.sign(m).as_ref().to_vec());
        let line = cosign(&text, &key, 7, by).unwrap();
        let body = format!("{line}\n");
        assert_eq!(read_cosignature(&body, &text, &key), Ok(line.clone()));
        let stranger = sign(&text, &world.key, |m| Ok::<_, ()>(world.pair.sign(m).as_ref().into()));
        let among = format!("{}\n{body}", stranger.unwrap());
        assert_eq!(read_cosignature(&among, &text, &key), Ok(line));
        let plain = named("w", SignatureKind::Ed25519);
        let untimed = format!("{}\n", sign(&text, &plain, by).unwrap());
        let other = text.replace("log.example", "fog.example");
        let renamed = named("v", SignatureKind::CosignatureV1);
        for (body, text, key, refusal) in [
            (&body, &other, &key, NoteRefusal::WrongSignature),
            (&untimed, &text, &plain, NoteRefusal::WrongSignature),
            (&body, &text, &renamed, NoteRefusal::NoKnownKey),
            (&String::new(), &text, &key, NoteRefusal::NoKnownKey),
            (&"ok\n".to_owned(), &text, &key, NoteRefusal::LineForm),
            (&body.trim_end().to_owned(), &text, &key, NoteRefusal::Form),
        ] {
            assert_eq!(read_cosignature(body, text, key), Err(refusal), "{body}");
        }
    }

    #[test]
    fn one_row_per_refusal() {
        let (world, stranger) = (World::new(1), World::new(2));
        let path = world.three_to_four();
        let (three, four) = (world.head(3), world.head(4));
        let forked = TreeHead { size: 3, root: root_of(&[world.leaves[0]; 3]) };
        let bad_root = TreeHead { size: 4, root: Hash::EMPTY };
        let not_empty = TreeHead { size: 0, root: three.root };
        let mut wrong = world.request(3, four, &path);
        wrong.note = wrong.note.to_string().replace("\n4\n", "\n5\n").parse().unwrap();
        let mut no_checkpoint = world.request(3, four, &path);
        no_checkpoint.note =
            no_checkpoint.note.to_string().replace("\n4\n", "\nfour\n").parse().unwrap();
        let mut other = world.request(3, four, &path);
        other.note = world.note("other.example", four);
        for (request, last, refusal, status) in [
            (no_checkpoint, Some(three), WitnessRefusal::Form, 400),
            (other, Some(three), WitnessRefusal::UnknownLog, 404),
            (stranger.request(3, four, &path), Some(three), WitnessRefusal::NotByTheLog, 403),
            (wrong, Some(three), WitnessRefusal::WrongSignature, 403),
            (world.request(4, three, &[]), Some(four), WitnessRefusal::OldSize, 400),
            (world.request(0, not_empty, &[]), None, WitnessRefusal::EmptyRoot, 422),
            (world.request(3, four, &path[1..]), Some(three), WitnessRefusal::ProofLength, 422),
            (world.request(0, four, &path), None, WitnessRefusal::ProofLength, 422),
            (world.request(3, bad_root, &path), Some(three), WitnessRefusal::Proof, 422),
            (world.request(3, four, &path), Some(forked), WitnessRefusal::SplitView, 422),
            (world.request(3, three, &[]), Some(forked), WitnessRefusal::SplitView, 422),
        ] {
            let decision = decide(&request, Some(&world.watched(last)));
            assert_eq!(decision, Decision::Refused(refusal));
            assert_eq!(decision.status(), status);
        }
        let request = world.request(0, four, &[]);
        assert_eq!(decide(&request, None), Decision::Refused(WitnessRefusal::UnknownLog));
    }

    #[test]
    fn whoever_is_behind_learns_the_known_size() {
        let world = World::new(1);
        for (old, last) in [(0, Some(world.head(3))), (2, Some(world.head(3))), (3, None)] {
            let request = world.request(old, world.head(4), &[]);
            let decision = decide(&request, Some(&world.watched(last)));
            let known = last.map_or(0, |head| head.size);
            assert_eq!(decision, Decision::Conflict { known });
            assert_eq!(decision.status(), 409);
            assert_eq!(read_conflict(&conflict_body(known)), Some(known));
        }
        assert_eq!(read_conflict("3"), None);
    }

    #[test]
    fn a_request_reads_back_and_only_its_form() {
        let world = World::new(1);
        let request = world.request(3, world.head(4), &world.three_to_four());
        let body = request.to_string();
        assert!(body.starts_with("old 3\n"));
        assert_eq!(body.parse(), Ok(request.clone()));
        assert_eq!(request.origin(), "log.example");
        let first = world.request(0, world.head(4), &[]);
        assert_eq!(first.to_string().parse(), Ok(first));
        let line = format!("{}\n", Hash::EMPTY.to_base64());
        for bad in [
            String::new(),
            body.replace("old 3", "old 03"),
            body.replace("old 3", "old"),
            body.replace("old 3", "old  3"),
            body.replace("old 3", "new 3"),
            body.replace("old 3\n", &format!("old 3\n{}", line.repeat(61))),
            body.replace("old 3\n", "old 3\nAAAA\n"),
            body.replacen("\n\n", "\n", 1),
            body.trim_end().to_owned(),
        ] {
            assert_eq!(bad.parse::<Request>(), Err(WitnessRefusal::Form), "{bad}");
        }
        let longest = body.replace("old 3\n", &format!("old 3\n{}", line.repeat(60)));
        assert_eq!(longest.parse::<Request>().map(|request| request.path.len()), Ok(63));
    }
}
