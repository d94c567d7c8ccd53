//! The sequencer: what is committed is published, in order, and signed.
//!
//! Acts have their places when they are committed; publishing only hashes them into tiles and signs
//! the new head. The order of the steps is the safety: tiles and entry bundles first, then the
//! checkpoint into the store (where a size can be signed once only), then the witnesses, whose
//! cosignatures are stored too, then the checkpoint to the public. After a crash the same steps run
//! again and give the same bytes. If what was published and what is stored disagree, nothing is
//! signed any more (`ledger_split`).

use crate::checkpoint_stamp::{CheckpointStamps, Stamped};
use crate::cosign::{Gathering, KnownWitness, Tally};
use crate::epochs::epochs_of;
use crate::key_roles::KeyRole;
use crate::platform::Platform;
use base::labels::{self, Label};
use base::{ActId, Problem};
use ledger::checkpoint::{Checkpoint, LogIdentity, Origin};
use ledger::grow::{ReadError, TileGrower, TileSource};
use ledger::note::{KeyName, SignError, SignatureKind, VerifierKey};
use ledger::tile::{BundleId, TILE_WIDTH, TileId};
use ledger::{Hash, TreeHead, bundle, note};
use ports::rows::{ActRow, CheckpointRow, CosignatureRow};
use ports::{KeyLabel, Publication, Tx, View};
use std::sync::Arc;

/// Publishes one ledger. There is one per platform.
pub struct Publisher {
    platform: Platform,
    publication: Arc<dyn Publication>,
    grower: TileGrower,
    /// The entry bundle that is not full yet.
    open_bundle: Vec<u8>,
    gathering: Gathering,
    stamps: CheckpointStamps,
    /// Size of the last checkpoint that was signed.
    signed: Option<u64>,
    /// Whether a step failed after the tiles had grown: what is in memory is ahead of the disk.
    torn: bool,
}

/// The tiles of a publication, for proofs.
pub struct PublishedTiles<'a>(pub &'a dyn Publication);

impl TileSource for PublishedTiles<'_> {
    type Error = Problem;

    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Problem> {
        self.0.read(&id.path())
    }
}

/// What it means that no proof could be made from published tiles: asked outside the log, or tiles
/// that are not what was published.
pub fn unproven(error: ReadError<Problem>) -> Problem {
    match error {
        ReadError::Range => Problem::new(&labels::PROOF_RANGE, ""),
        ReadError::Source(_, problem) => problem,
        _ => split("the published tiles do not add up"),
    }
}

impl Publisher {
    /// Takes up where the last checkpoint left off, checking the public side against the store.
    pub fn open(platform: Platform, publication: Arc<dyn Publication>) -> Result<Self, Problem> {
        let stamps = CheckpointStamps::new(platform.clone(), Arc::clone(&publication));
        let mut publisher = Self {
            platform,
            publication,
            stamps,
            grower: TileGrower::new(),
            open_bundle: Vec::new(),
            gathering: Gathering::new(Vec::new()),
            signed: None,
            torn: false,
        };
        publisher.begin()?;
        Ok(publisher)
    }

    /// The same with witnesses that are asked to cosign.
    #[must_use]
    pub fn with_witnesses(mut self, witnesses: Vec<KnownWitness>) -> Self {
        self.gathering = Gathering::new(witnesses);
        self
    }

    /// Publishes everything committed so far. `None` if there was nothing new; then only witnesses
    /// that have not cosigned the newest checkpoint are asked again.
    pub fn publish(&mut self) -> Result<Option<CheckpointRow>, Problem> {
        if self.torn {
            (self.grower, self.open_bundle) = (TileGrower::new(), Vec::new());
            self.begin()?;
        }
        self.torn = true;
        let published = self.publish_new()?;
        self.torn = false;
        self.stamps.go_on();
        Ok(published)
    }

    /// Leaves published so far.
    pub fn size(&self) -> u64 {
        self.grower.size()
    }

    /// What each witness was heard to say, since this publisher was opened.
    pub fn tally(&self) -> Arc<Tally> {
        self.gathering.tally()
    }

    /// The witnesses that were asked in vain to cosign the newest checkpoint, and why.
    pub fn missing(&self) -> Vec<(VerifierKey, &'static Label)> {
        self.gathering.missing(self.size())
    }

    /// Makes every published tile and bundle again from the store, up to the last checkpoint: mends
    /// a publication that lost some of its files.
    pub fn remake(&mut self) -> Result<(), Problem> {
        let Some(last) = self.last_checkpoint()? else { return Ok(()) };
        (self.grower, self.open_bundle) = (TileGrower::new(), Vec::new());
        self.torn = true;
        self.make_again(&head_of(&last))?;
        self.torn = false;
        self.show_newest()
    }

    fn begin(&mut self) -> Result<(), Problem> {
        // First what is public: another publisher may sign between the two.
        let public = self.publication.read(CHECKPOINT_PATH)?;
        let last = self.last_checkpoint()?;
        if let Some(public) = public {
            self.check_public_side(public, last.as_ref())?;
        }
        self.signed = last.as_ref().map(|last| last.size);
        self.stamps.offer(last.as_ref().map(Stamped::of));
        if let Some(last) = last {
            self.take_up(&last)?;
        }
        self.torn = false;
        Ok(())
    }

    fn last_checkpoint(&self) -> Result<Option<CheckpointRow>, Problem> {
        let mut last = None;
        self.platform.store.snapshot("last_checkpoint", &mut |view| {
            last = view.last_checkpoint()?;
            Ok(())
        })?;
        Ok(last)
    }

    fn publish_new(&mut self) -> Result<Option<CheckpointRow>, Problem> {
        while self.append_page()? {}
        if self.signed == Some(self.grower.size()) {
            if self.cosign()? {
                self.show_newest()?;
            }
            return Ok(None);
        }
        self.write_edge()?;
        let signed = self.sign()?;
        self.signed = Some(signed.size);
        self.stamps.offer(Some(Stamped::of(&signed)));
        self.cosign()?;
        self.show_newest()?;
        self.index_subjects()?;
        Ok(Some(signed))
    }

    /// What is public must be a checkpoint that the store holds.
    fn check_public_side(
        &self,
        public: Vec<u8>,
        last: Option<&CheckpointRow>,
    ) -> Result<(), Problem> {
        let mut identity = None;
        self.platform.store.snapshot("ledger_keys", &mut |view| {
            identity = Some(every_identity(&self.platform, view)?);
            Ok(())
        })?;
        let identity = identity.ok_or_else(|| split("no snapshot"))?;
        let foreign = || split("the public checkpoint is not ours");
        let public = String::from_utf8(public).map_err(|_| foreign())?;
        let open = identity.open(&public, &[]).map_err(|_| foreign())?;
        let head = open.checkpoint().head();
        let Some(last) = last else { return Err(split("published, but the store is empty")) };
        if head.size > last.size {
            return Err(split("more is published than the store knows: an old backup?"));
        }
        let mut stored = Vec::new();
        self.platform.store.snapshot("published_checkpoint", &mut |view| {
            stored = view.checkpoints(head.size, 1)?;
            Ok(())
        })?;
        if stored.first().map(head_of).as_ref() != Some(head) {
            return Err(split("the published root is another one"));
        }
        Ok(())
    }

    /// Continues from the published tiles; makes them again from the store if they do not add up.
    fn take_up(&mut self, last: &CheckpointRow) -> Result<(), Problem> {
        let head = head_of(last);
        match TileGrower::resume(&PublishedTiles(&*self.publication), &head) {
            Ok(grower) => {
                self.grower = grower;
                self.open_bundle = self.stored_edge(last.size)?;
            }
            Err(ReadError::Source(_, problem)) => return Err(problem),
            Err(_) => self.make_again(&head)?,
        }
        self.show_newest()
    }

    fn make_again(&mut self, head: &TreeHead) -> Result<(), Problem> {
        tracing::warn!(size = head.size, "published tiles do not add up; making them again");
        while self.grower.size() < head.size {
            let left = usize::try_from(head.size - self.grower.size()).unwrap_or(usize::MAX);
            let acts = self.read_acts(self.grower.size(), left.min(PAGE_ACTS))?;
            if acts.is_empty() {
                return Err(split("the store holds fewer acts than its checkpoint covers"));
            }
            self.append(&acts)?;
        }
        if self.grower.head() != *head {
            return Err(split("the store's acts do not add up to its checkpoint"));
        }
        self.write_edge()
    }

    /// The entries of the last, partial bundle, from the store.
    fn stored_edge(&self, size: u64) -> Result<Vec<u8>, Problem> {
        let open = size % u64::from(TILE_WIDTH);
        let acts = self.read_acts(size - open, usize::try_from(open).unwrap_or(0))?;
        encode(&acts)
    }

    fn append_page(&mut self) -> Result<bool, Problem> {
        let acts = self.read_acts(self.grower.size(), PAGE_ACTS)?;
        self.append(&acts)?;
        Ok(acts.len() == PAGE_ACTS)
    }

    fn append(&mut self, acts: &[ActRow]) -> Result<(), Problem> {
        let first = self.grower.size();
        for (place, act) in (first..).zip(acts) {
            if act.id.0 != place {
                return Err(split("the places of the acts have a gap"));
            }
            let framed = bundle::push_entry(&mut self.open_bundle, &act.entry);
            framed.map_err(|refusal| Problem::from_refusal(refusal.label()))?;
            let width = u64::from(TILE_WIDTH);
            if (place + 1) % width == 0 {
                self.write_bundle(place / width, TILE_WIDTH)?;
                self.open_bundle.clear();
            }
        }
        let growth = self.grower.append(acts.iter().map(|act| Hash::leaf(&act.entry)));
        let mut full = growth.tiles.iter().filter(|(id, _)| id.is_full());
        full.try_for_each(|(id, bytes)| self.publication.write(&id.path(), bytes))
    }

    /// Writes the partial tiles and the partial bundle at the edge.
    fn write_edge(&self) -> Result<(), Problem> {
        for (id, bytes) in self.grower.partial_tiles() {
            self.publication.write(&id.path(), bytes)?;
        }
        let width = u64::from(TILE_WIDTH);
        let open = u16::try_from(self.grower.size() % width).unwrap_or(0);
        if open == 0 { Ok(()) } else { self.write_bundle(self.grower.size() / width, open) }
    }

    fn write_bundle(&self, index: u64, width: u16) -> Result<(), Problem> {
        let id = BundleId::new(index, width);
        let id = id.map_err(|refusal| Problem::from_refusal(refusal.label()))?;
        self.publication.write(&id.path(), &self.open_bundle)
    }

    /// The checkpoint of this head, signed with every key that counts.
    fn signed_note(&self, head: TreeHead) -> Result<String, Problem> {
        let mut found = None;
        self.platform.store.snapshot("ledger_keys", &mut |view| {
            found = Some(signing_keys(&self.platform, view)?);
            Ok(())
        })?;
        let (origin, keys) = found.ok_or_else(|| split("no snapshot"))?;
        let text = Checkpoint::new(log_identity(&origin, Vec::new())?.origin, head).text();
        let mut note = note::Note::new(&text).map_err(|_| split("not a note"))?;
        for (label, key) in &keys {
            let line = note::sign(&text, key, |message| self.platform.keys.sign(label, message));
            let line = line.map_err(|error| unsigned(error, "the checkpoint was not signed"))?;
            note.add(line).map_err(|_| split("not a note"))?;
        }
        Ok(note.to_string())
    }

    fn sign(&self) -> Result<CheckpointRow, Problem> {
        let head = self.grower.head();
        let signed = self.signed_note(head)?;
        let row = CheckpointRow {
            size: head.size,
            root: *head.root.as_bytes(),
            note: signed,
            at: self.platform.clock.now(),
        };
        self.platform.store.transact("checkpoint", &mut |tx| match tx.last_checkpoint()? {
            Some(last) if last.size == row.size && last.root == row.root => Ok(()),
            Some(last) if last.size > row.size => Ok(()),
            _ => tx.write_checkpoint(&row),
        })?;
        Ok(row)
    }

    /// Asks witnesses to cosign the newest checkpoint and stores what they say; whether there is
    /// anything new.
    fn cosign(&mut self) -> Result<bool, Problem> {
        if !self.gathering.is_due(self.grower.size()) {
            return Ok(false);
        }
        let (mut last, mut there) = (None, Vec::new());
        self.platform.store.snapshot("cosignatures", &mut |view| {
            last = view.last_checkpoint()?;
            there = newest_cosignatures(view, last.as_ref())?;
            Ok(())
        })?;
        // Where another publisher went on, it asks the witnesses.
        let Some(last) = last.filter(|last| last.size == self.grower.size()) else {
            return Ok(false);
        };
        let publication = &*self.publication;
        let found = self.gathering.gather(&self.platform, publication, &last, &there)?;
        if found.is_empty() {
            return Ok(false);
        }
        self.platform.store.transact("cosign", &mut |tx| {
            let there = tx.cosignatures(last.size, last.size)?;
            let is_new = |row: &&CosignatureRow| there.iter().all(|old| old.witness != row.witness);
            let new: Vec<_> = found.iter().filter(is_new).cloned().collect();
            tx.write_cosignatures(&new)
        })?;
        Ok(true)
    }

    /// Brings the look-up by subject up to date, one short transaction per run.
    fn index_subjects(&self) -> Result<(), Problem> {
        let mut more = true;
        while more {
            let index = &mut |tx: &mut dyn Tx| {
                more = tx.index_subjects()?;
                Ok(())
            };
            self.platform.store.transact("index_subjects", index)?;
        }
        Ok(())
    }

    /// Shows the newest stored checkpoint with every cosignature that is stored of it. Under the
    /// store's write lock, so that of several publishers none puts an older one over a newer one.
    fn show_newest(&self) -> Result<(), Problem> {
        self.platform.store.transact("show_checkpoint", &mut |tx| {
            let Some(last) = tx.last_checkpoint()? else { return Ok(()) };
            let cosigned = newest_cosignatures(tx, Some(&last))?;
            let mut note = last.note;
            cosigned.iter().for_each(|row| note.extend([&row.line, "\n"]));
            self.publication.write(CHECKPOINT_PATH, note.as_bytes())
        })
    }

    fn read_acts(&self, first: u64, limit: usize) -> Result<Vec<ActRow>, Problem> {
        let mut acts = Vec::new();
        self.platform.store.snapshot("acts", &mut |view| {
            acts = view.acts(ActId(first), limit)?;
            Ok(())
        })?;
        Ok(acts)
    }
}

/// The ledger's name and verifier keys: what an outsider needs to check it. Two keys while one
/// follows the other, the newer first; each signs every checkpoint.
pub fn identity(platform: &Platform) -> Result<LogIdentity, Problem> {
    let mut identity = None;
    platform.store.snapshot("origin", &mut |view| {
        let (name, keys) = signing_keys(platform, view)?;
        identity = Some(log_identity(&name, keys.into_iter().map(|(_, key)| key).collect())?);
        Ok(())
    })?;
    identity.ok_or_else(|| split("no snapshot"))
}

/// The same with the former keys, which earlier checkpoints were signed with.
pub(crate) fn every_identity(
    platform: &Platform,
    view: &mut (impl View + ?Sized),
) -> Result<LogIdentity, Problem> {
    let (name, keys) = signing_keys(platform, view)?;
    let mut keys: Vec<_> = keys.into_iter().map(|(_, key)| key).collect();
    let former = view.setting(FORMER_KEYS)?.unwrap_or_default();
    for line in former.lines() {
        keys.push(line.parse().map_err(|_| split("a former key does not read"))?);
    }
    log_identity(&name, keys)
}

/// Keeps the verifier keys of epochs that are about to count no more.
pub(crate) fn keep_former_keys(
    platform: &Platform,
    tx: &mut (impl Tx + ?Sized),
) -> Result<(), Problem> {
    let (_, keys) = signing_keys(platform, tx)?;
    let mut former = tx.setting(FORMER_KEYS)?.unwrap_or_default();
    keys.iter().skip(1).rev().for_each(|(_, key)| former.push_str(&format!("{key}\n")));
    tx.set_setting(FORMER_KEYS, &former)
}

/// The ledger's name, and the keys that sign checkpoints now, the newest first.
fn signing_keys(
    platform: &Platform,
    view: &mut (impl View + ?Sized),
) -> Result<(String, Vec<(KeyLabel, VerifierKey)>), Problem> {
    let origin = view.setting(ORIGIN)?;
    let origin = origin.ok_or_else(|| Problem::new(&labels::NOT_INITIALISED, ""))?;
    let name: KeyName = origin.parse().map_err(|_| split("the origin is not a key name"))?;
    let labels = epochs_of(platform, view)?.counting(KeyRole::Ledger)?;
    let verifier = |label: KeyLabel| {
        let public = platform.ed25519_key(&label)?;
        Ok((label, VerifierKey::new(name.clone(), SignatureKind::Ed25519, public)))
    };
    Ok((origin, labels.into_iter().map(verifier).collect::<Result<_, Problem>>()?))
}

fn log_identity(origin: &str, keys: Vec<VerifierKey>) -> Result<LogIdentity, Problem> {
    let origin: Origin = origin.parse().map_err(|_| split("the origin is not a log's name"))?;
    Ok(LogIdentity { origin, keys })
}

/// The newest checkpoint as it was published.
pub fn published_checkpoint(publication: &dyn Publication) -> Result<Vec<u8>, Problem> {
    let found = publication.read(CHECKPOINT_PATH)?;
    found.ok_or_else(|| Problem::new(&labels::CHECKPOINT_ABSENT, ""))
}

fn newest_cosignatures(
    view: &mut (impl View + ?Sized),
    last: Option<&CheckpointRow>,
) -> Result<Vec<CosignatureRow>, Problem> {
    last.map_or(Ok(Vec::new()), |last| view.cosignatures(last.size, last.size))
}

fn head_of(row: &CheckpointRow) -> TreeHead {
    TreeHead { size: row.size, root: Hash::from_bytes(row.root) }
}

fn encode(acts: &[ActRow]) -> Result<Vec<u8>, Problem> {
    bundle::encode(acts.iter().map(|act| &act.entry))
        .map_err(|refusal| Problem::from_refusal(refusal.label()))
}

/// Why a checkpoint was not signed: in the key store's own words where it has any, so that what
/// passes by itself is not taken for broken.
pub(crate) fn unsigned(error: SignError<Problem>, what: &str) -> Problem {
    match error {
        SignError::Store(problem) => problem,
        _ => Problem::new(&labels::KEY_OPERATION, what),
    }
}

/// Store and publication disagree.
pub fn split(detail: &str) -> Problem {
    Problem::new(&labels::LEDGER_SPLIT, detail)
}

/// Setting: the ledger's name.
pub(crate) const ORIGIN: &str = "ledger_origin";

/// Setting: the verifier keys of former epochs, a line each.
const FORMER_KEYS: &str = "ledger_former_keys";

const CHECKPOINT_PATH: &str = "checkpoint";
const PAGE_ACTS: usize = 8_192;
