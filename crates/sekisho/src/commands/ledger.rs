//! `sekisho ledger`: what outsiders check, and how.

use super::{Context, counted};
use crate::cli::Ledger;
use crate::config::witness_key;
use crate::output::{Answer, table};
use crate::wiring::Wired;
use app::publish::{PublishedTiles, split, unproven};
use base::{ActId, Problem, labels};
use ledger::audit::{AuditError, audit};
use ledger::checkpoint::{CheckpointRefusal, LogIdentity, SignedCheckpoint};
use ledger::note::VerifierKey;
use ledger::prove::{NodeCache, Prover};
use ports::Publication;
use serde_json::json;
use std::path::Path;
use store::PublicationDirectory;

/// Carries out a ledger command.
pub(crate) fn ledger(context: &Context, asked: Ledger) -> Result<Answer, Problem> {
    match asked {
        Ledger::Key => key(context),
        Ledger::Checkpoint { rebuild } => checkpoint(context, rebuild),
        Ledger::Prove { act, size } => prove(context, act, size),
        Ledger::Audit { directory, key, witnesses, quorum } => {
            let trust = Trust::read(key, &witnesses, quorum)?;
            audit_directory(context, directory.as_deref(), &trust)
        }
    }
}

fn key(context: &Context) -> Result<Answer, Problem> {
    let identity = app::publish::identity(&context.open()?.platform)?;
    let keys: Vec<_> = identity.keys.iter().map(ToString::to_string).collect();
    let answer = json!({
        "origin": identity.origin.as_str(),
        "key": keys.first(),
        "keys": keys,
    });
    Ok(Answer::good(keys.join("\n"), answer))
}

fn checkpoint(context: &Context, rebuild: bool) -> Result<Answer, Problem> {
    let wired = context.open()?;
    let mut publisher = wired.publisher()?;
    if rebuild {
        publisher.remake()?;
    }
    publisher.publish()?;
    let (note, signed) = signed(&wired)?;
    let head = signed.head();
    let missing = publisher.missing();
    let missing: Vec<_> = missing
        .iter()
        .map(|(key, why)| json!({ "witness": key.name().as_str(), "label": why.text }))
        .collect();
    let answer = json!({
        "size": head.size,
        "root": head.root.to_base64(),
        "note": note,
        "cosigned": names(&signed),
        "missing": missing,
    });
    Ok(Answer::good(note.clone(), answer))
}

/// The published checkpoint: as it stands there, and opened.
fn signed(wired: &Wired) -> Result<(String, SignedCheckpoint), Problem> {
    let note = app::publish::published_checkpoint(&*wired.ledger)?;
    let note = String::from_utf8(note).map_err(|_| split("the checkpoint is not text"))?;
    let identity = app::publish::identity(&wired.platform)?;
    let witnesses: Vec<_> = wired.witnesses.iter().map(|known| known.key.clone()).collect();
    let signed = open(&identity, &note, &witnesses)?;
    Ok((note, signed))
}

fn prove(context: &Context, act: u64, size: Option<u64>) -> Result<Answer, Problem> {
    let wired = context.open()?;
    wired.publish()?;
    let (_, signed) = signed(&wired)?;
    let published = *signed.head();
    let size = size.unwrap_or(published.size);
    if size > published.size {
        let detail = format!("{} leaves are published", published.size);
        return Err(Problem::new(&labels::PROOF_RANGE, detail).in_field("size"));
    }
    let leaf = app::subject_acts::act_show(&wired.platform, ActId(act))?;
    let tiles = PublishedTiles(&*wired.ledger);
    let cache = NodeCache::new(64);
    let prover = Prover::new(&tiles, &cache).within(published.size);
    let proof = prover.inclusion(act, size).map_err(unproven)?;
    let head = prover.attested_head(size, &published).map_err(unproven)?;
    proof.verify(&leaf.leaf_hash(), &head).map_err(|_| split("the proof does not verify"))?;
    let path: Vec<String> = proof.path.iter().map(ledger::Hash::to_base64).collect();
    let entry = String::from_utf8(leaf.to_bytes()).unwrap_or_default();
    let text = format!(
        "leaf   {entry}\nhash   {}\nsize   {size}\nroot   {}\nproof  {}",
        leaf.leaf_hash().to_base64(),
        head.root.to_base64(),
        path.join("\n       ")
    );
    let answer = json!({
        "act": act,
        "size": size,
        "leaf": entry,
        "leaf_hash": leaf.leaf_hash().to_base64(),
        "root": head.root.to_base64(),
        "path": path,
    });
    Ok(Answer::good(text, answer))
}

/// Whom an auditor believes.
struct Trust {
    key: Option<VerifierKey>,
    witnesses: Vec<VerifierKey>,
    quorum: usize,
}

impl Trust {
    fn read(
        key: Option<String>,
        witnesses: &[String],
        quorum: Option<usize>,
    ) -> Result<Self, Problem> {
        let malformed = || Problem::new(&labels::REQUEST_MALFORMED, "").in_field("key");
        let key = key.map(|key| key.parse().map_err(|_| malformed())).transpose()?;
        let mut keys: Vec<VerifierKey> = Vec::new();
        for text in witnesses {
            let wrong = |why| Problem::new(&labels::REQUEST_MALFORMED, why).in_field("witness");
            let key = witness_key(text).map_err(wrong)?;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let quorum = quorum.unwrap_or(keys.len());
        Ok(Self { key, witnesses: keys, quorum })
    }

    /// Holds the cosignatures against the quorum.
    fn check(&self, signed: &SignedCheckpoint) -> Result<(), Problem> {
        let there = signed.cosigners().len();
        if there >= self.quorum {
            return Ok(());
        }
        let detail = format!("{there} of {} asked for", self.quorum);
        Err(Problem::new(&labels::WITNESS_QUORUM, detail))
    }
}

fn audit_directory(
    context: &Context,
    directory: Option<&Path>,
    trust: &Trust,
) -> Result<Answer, Problem> {
    let own = context.config.data().join("ledger");
    let place = directory.unwrap_or(&own);
    if !place.is_dir() {
        return Err(Problem::new(&labels::CHECKPOINT_ABSENT, place.display().to_string()));
    }
    let publication = PublicationDirectory::open(place)?;
    let note = app::publish::published_checkpoint(&publication)?;
    let note = String::from_utf8(note).map_err(|_| split("the checkpoint is not text"))?;
    let identity = match &trust.key {
        Some(key) => trusted(key, &note)?,
        None => app::publish::identity(&context.open()?.platform)?,
    };
    let signed = open(&identity, &note, &trust.witnesses)?;
    trust.check(&signed)?;
    let found = audit(&PublishedBundles(&publication), signed.head(), |_, _| {});
    match found {
        Ok(report) => {
            let rows = [
                counted(report.entries, "entries hashed again"),
                counted(report.tiles, "tiles compared"),
                counted(report.bytes, "bytes"),
                counted(signed.cosigners().len() as u64, "cosignatures of trusted witnesses"),
            ];
            let text = format!("{}\nThe published ledger adds up.", table(&["audit", ""], &rows));
            let answer = json!({
                "holds": true,
                "entries": report.entries,
                "tiles": report.tiles,
                "cosigned": names(&signed),
            });
            Ok(Answer::good(text, answer))
        }
        Err(AuditError::Read(ledger::grow::ReadError::Source(_, problem))) => Err(problem),
        Err(fault) => {
            let at = fault.path().map(|path| path.to_string()).unwrap_or_default();
            let mut text = format!("The published ledger does not add up, first at {at}");
            if directory.is_none() {
                text.push_str(
                    "\nThis copy is your own: move it away as evidence and run `sekisho ledger \
                     checkpoint`, which publishes the same again from the store.",
                );
            }
            Ok(Answer::good(text, json!({ "holds": false, "first": at })).holds_if(false))
        }
    }
}

/// Tiles and entry bundles of a publication.
struct PublishedBundles<'a>(&'a dyn Publication);

impl ledger::grow::TileSource for PublishedBundles<'_> {
    type Error = Problem;

    fn tile(&self, id: ledger::tile::TileId) -> Result<Option<Vec<u8>>, Problem> {
        self.0.read(&id.path())
    }
}

impl ledger::audit::BundleSource for PublishedBundles<'_> {
    fn bundle(&self, id: ledger::tile::BundleId) -> Result<Option<Vec<u8>>, Problem> {
        self.0.read(&id.path())
    }
}

/// A log known only by the key that somebody handed over.
fn trusted(key: &VerifierKey, note: &str) -> Result<LogIdentity, Problem> {
    let malformed = |_| Problem::new(&labels::REQUEST_MALFORMED, "").in_field("key");
    let origin = note.lines().next().unwrap_or_default().parse().map_err(malformed)?;
    Ok(LogIdentity { origin, keys: vec![key.clone()] })
}

fn open(
    identity: &LogIdentity,
    note: &str,
    witnesses: &[VerifierKey],
) -> Result<SignedCheckpoint, Problem> {
    identity.open(note, witnesses).map_err(|refusal| match refusal {
        CheckpointRefusal::NotByTheLog => split("the checkpoint is not signed by this key"),
        other => split(other.label()),
    })
}

/// The trusted witnesses that cosigned.
fn names(signed: &SignedCheckpoint) -> Vec<&str> {
    signed.cosigners().iter().map(|signer| signer.key.name().as_str()).collect()
}
