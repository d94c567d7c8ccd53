//! Being a witness of other ledgers (C2SP tlog-witness): one head per ledger is remembered, and
//! only what continues it is cosigned.
//!
//! Owns the order that makes a cosignature worth something: under the ledger's lock the last head
//! is read, the request decided, the new head made durable, and only then the cosignature given
//! out. What shows that a ledger has two histories is kept beside it as evidence. Assumes that no
//! other process writes the same record.

use crate::platform::ed25519;
use crate::publish::unsigned;
use base::{Clock, Problem, labels};
use ledger::TreeHead;
use ledger::checkpoint::{Checkpoint, LogIdentity, Origin};
use ledger::note::{KeyName, Note, NoteRefusal, SignatureKind, SignatureLine, VerifierKey};
use ledger::witness::{Approved, Decision, Request, WatchedLog, WitnessRefusal, decide};
use ports::{KeyLabel, KeyStore, Publication};
use std::sync::{Arc, Mutex, PoisonError};

/// A witness: its key, the ledgers it watches, and the record of what it cosigned.
pub struct Witness {
    keys: Arc<dyn KeyStore>,
    clock: Arc<dyn Clock>,
    record: Arc<dyn Publication>,
    key: VerifierKey,
    logs: Vec<Watched>,
}

struct Watched {
    identity: LogIdentity,
    /// Folder of the record: SHA-256 of the origin in hexadecimal, as the witness's readers ask.
    folder: String,
    turn: Mutex<()>,
}

/// What the record holds of a ledger.
struct Remembered {
    head: TreeHead,
    note: Vec<u8>,
}

/// What a request led to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// 200: the signature line with its newline.
    Cosigned(String),
    /// 409: the size last cosigned.
    Knows(u64),
    /// Another status, by reason.
    Refused(WitnessRefusal),
}

impl Witness {
    /// A witness under a name, with a key of its key store, over a record that nobody else writes.
    pub fn new(
        (keys, clock): (Arc<dyn KeyStore>, Arc<dyn Clock>),
        record: Arc<dyn Publication>,
        name: KeyName,
        logs: &[VerifierKey],
    ) -> Result<Self, Problem> {
        let key = VerifierKey::new(name, SignatureKind::CosignatureV1, ed25519(&*keys, &label()?)?);
        Ok(Self { keys, clock, record, key, logs: watched(logs)? })
    }

    /// The key that its cosignatures are checked with.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Decides a request and, if it is good, cosigns. Whoever asks again for what was cosigned
    /// already gets a new cosignature.
    pub fn add_checkpoint(&self, body: &str) -> Result<Said, Problem> {
        let request: Request = match body.parse() {
            Ok(request) => request,
            Err(refusal) => return Ok(Said::Refused(refusal)),
        };
        let origin = request.origin();
        let Some(log) = self.logs.iter().find(|log| log.identity.origin.as_str() == origin) else {
            return Ok(Said::Refused(WitnessRefusal::UnknownLog));
        };
        let _turn = log.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.remembered(log)?;
        let identity = log.identity.clone();
        let known = WatchedLog { identity, last: last.as_ref().map(|last| last.head) };
        match decide(&request, Some(&known)) {
            Decision::Cosign(approved) => self.cosign(log, &approved).map(Said::Cosigned),
            Decision::Conflict { known } => Ok(Said::Knows(known)),
            Decision::Refused(refusal) => {
                if let (WitnessRefusal::SplitView, Some(last)) = (refusal, last) {
                    self.keep_evidence(log, &last, body);
                }
                Ok(Said::Refused(refusal))
            }
        }
    }

    /// The newest cosigned checkpoint of the ledger whose origin has this hash, for monitors.
    pub fn checkpoint(&self, origin_hash: &str) -> Result<Option<Vec<u8>>, Problem> {
        let Some(log) = self.logs.iter().find(|log| log.folder == origin_hash) else {
            return Ok(None);
        };
        self.record.read(&log.path(CHECKPOINT))
    }

    /// What was cosigned last. Only the witness's own cosignature is believed, so that a ledger may
    /// replace its key.
    fn remembered(&self, log: &Watched) -> Result<Option<Remembered>, Problem> {
        let Some(note) = self.record.read(&log.path(CHECKPOINT))? else { return Ok(None) };
        let damaged = || {
            let detail = format!("the record of {} does not read", log.identity.origin);
            Problem::new(&labels::STORE_BROKEN, detail)
        };
        let read = Note::from_bytes(&note).map_err(|_| damaged())?;
        let own = read.verify(std::slice::from_ref(&self.key)).map_err(|_| damaged())?;
        let checkpoint: Checkpoint = own.text().parse().map_err(|_| damaged())?;
        if *checkpoint.origin() != log.identity.origin {
            return Err(damaged());
        }
        Ok(Some(Remembered { head: *checkpoint.head(), note }))
    }

    fn cosign(&self, log: &Watched, approved: &Approved) -> Result<String, Problem> {
        let time_s = u64::try_from(self.clock.now().seconds()).unwrap_or(0);
        let label = label()?;
        let signed = approved.cosign(&self.key, time_s, |message| self.keys.sign(&label, message));
        let line = signed.map_err(|error| unsigned(error, "the checkpoint was not cosigned"))?;
        let asked = approved.checkpoint().note();
        let mut note = Note::new(asked.text()).map_err(Self::unkept)?;
        let is_own = |line: &&SignatureLine| log.identity.keys.iter().any(|key| key.owns(line));
        for own in asked.lines().iter().filter(is_own) {
            note.add(own.clone()).map_err(Self::unkept)?;
        }
        note.add(line.clone()).map_err(Self::unkept)?;
        self.record.write(&log.path(CHECKPOINT), note.to_string().as_bytes())?;
        let size = approved.head().size;
        tracing::info!(origin = log.identity.origin.as_str(), size, "cosigned");
        Ok(format!("{line}\n"))
    }

    fn unkept(refusal: NoteRefusal) -> Problem {
        Problem::new(&labels::INTERNAL, refusal.label())
    }

    /// Keeps what shows two histories, once for each head that was cosigned: a ledger that goes on
    /// splitting cannot fill the disk.
    fn keep_evidence(&self, log: &Watched, last: &Remembered, body: &str) {
        let (label, origin) = (WitnessRefusal::SplitView.label(), log.identity.origin.as_str());
        let place = |name: &str| log.path(&format!("evidence/{}/{name}", last.head.size));
        let kept = self.record.read(&place(REQUEST)).and_then(|there| match there {
            Some(_) => Ok(()),
            None => {
                self.record.write(&place(CHECKPOINT), &last.note)?;
                self.record.write(&place(REQUEST), body.as_bytes())
            }
        });
        let (size, evidence) = (last.head.size, place(REQUEST));
        match kept {
            Ok(()) => tracing::error!(label, origin, size, evidence, "two histories of a ledger"),
            Err(problem) => {
                let unkept = problem.label();
                tracing::error!(label, origin, size, unkept, request = body, "two histories");
            }
        }
    }
}

impl Watched {
    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }
}

/// The label of a witness's key in its key store.
pub fn label() -> Result<KeyLabel, Problem> {
    "witness/1".parse().map_err(Problem::from)
}

/// The ledgers of these keys: the name of a key is its ledger's origin. Several keys of one name
/// are of one ledger.
fn watched(keys: &[VerifierKey]) -> Result<Vec<Watched>, Problem> {
    let mut logs: Vec<Watched> = Vec::new();
    for key in keys {
        let wrong = |why| Problem::new(&labels::REQUEST_MALFORMED, why).in_field("log");
        if key.kind() != SignatureKind::Ed25519 {
            return Err(wrong("a witness's key; a ledger's is asked for"));
        }
        let origin = key.name().as_str();
        if let Some(log) = logs.iter_mut().find(|log| log.identity.origin.as_str() == origin) {
            log.identity.keys.push(key.clone());
            continue;
        }
        let origin: Origin = origin.parse().map_err(|_| wrong("the key's name is no ledger's"))?;
        let folder = origin.hash().to_string();
        let identity = LogIdentity { origin, keys: vec![key.clone()] };
        logs.push(Watched { identity, folder, turn: Mutex::default() });
    }
    Ok(logs)
}

const CHECKPOINT: &str = "checkpoint";
const REQUEST: &str = "request";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_travels_under_the_status_of_the_specification() {
        for refusal in WitnessRefusal::ALL {
            let status = labels::find(refusal.label()).map(|entry| entry.status);
            assert_eq!(status, Some(refusal.status()), "{refusal}");
        }
    }
}
