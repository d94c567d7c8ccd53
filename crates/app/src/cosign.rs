//! Gathering cosignatures: every witness is asked about the newest checkpoint, side by side and
//! within one bounded time.
//!
//! Owns what is known of each witness: the size it last cosigned, what it last said, how long to
//! leave it alone. A witness can add its cosignature and nothing else: whatever it does, publishing
//! goes on. What it says against the ledger is logged as an error, under its label.

use crate::platform::Platform;
use crate::publish::{PublishedTiles, split};
use base::labels::{self, Label};
use base::{Problem, Remedy};
use ledger::grow::ReadError;
use ledger::note::{Note, SignatureLine, VerifierKey};
use ledger::prove::{NodeCache, Prover};
use ledger::witness::{Request, read_conflict, read_cosignature};
use ledger::{Hash, TreeHead};
use ports::rows::{CheckpointRow, CosignatureRow};
use ports::{Publication, Witness};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A witness that the ledger asks: its verifier key and the way to it.
#[derive(Clone)]
pub struct KnownWitness {
    /// The key that its cosignatures are checked with.
    pub key: VerifierKey,
    /// The way to it.
    pub way: Arc<dyn Witness>,
}

/// How often each witness gave which answer.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<(String, &'static str), u64>>);

/// The witnesses of one publisher.
pub(crate) struct Gathering {
    witnesses: Vec<Asked>,
    nodes: NodeCache,
    tally: Arc<Tally>,
}

/// What is known of a witness.
struct Asked {
    witness: KnownWitness,
    /// Size of the checkpoint it last cosigned, as far as is known here.
    known: u64,
    /// Size of the checkpoint of ours that needs nothing more from it.
    settled: u64,
    /// What it last failed with, and at which size.
    missing: Option<(u64, &'static Label)>,
    failures: u32,
    /// Rounds to leave it alone.
    pause: u32,
    /// Whether it is its turn in this round.
    due: bool,
}

/// A checkpoint to be cosigned.
struct Question<'a> {
    platform: &'a Platform,
    tiles: PublishedTiles<'a>,
    nodes: &'a NodeCache,
    note: Note,
    head: TreeHead,
    deadline: Instant,
}

/// An answer that is no refusal.
enum Said {
    Cosigned(SignatureLine),
    Knows(u64),
}

impl Tally {
    /// Every witness's name with a label (empty for a cosignature) and how often it was so.
    pub fn counts(&self) -> Vec<(String, &'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((name, label), count)| (name.clone(), *label, *count)).collect()
    }

    fn count(&self, key: &VerifierKey, label: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((key.name().to_string(), label)).or_default() += 1;
    }
}

impl Gathering {
    pub(crate) fn new(witnesses: Vec<KnownWitness>) -> Self {
        Self {
            witnesses: witnesses.into_iter().map(Asked::new).collect(),
            nodes: NodeCache::new(TILES_CACHED),
            tally: Arc::default(),
        }
    }

    pub(crate) fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    /// The witnesses that did not cosign the checkpoint of this size, and why.
    pub(crate) fn missing(&self, size: u64) -> Vec<(VerifierKey, &'static Label)> {
        let open = self.witnesses.iter().filter(|asked| asked.settled != size);
        open.filter_map(|asked| Some((asked.witness.key.clone(), asked.missing?.1))).collect()
    }

    /// Begins a round: whether any witness is to be asked about the checkpoint of this size. Who
    /// failed is left alone for some rounds, so that a silent witness does not slow each of them.
    pub(crate) fn is_due(&mut self, size: u64) -> bool {
        self.witnesses.iter_mut().for_each(|asked| asked.begin_round(size));
        self.witnesses.iter().any(|asked| asked.due)
    }

    /// Asks those whose turn it is for what is not there yet, and gives back what is new.
    pub(crate) fn gather(
        &mut self,
        platform: &Platform,
        publication: &dyn Publication,
        checkpoint: &CheckpointRow,
        there: &[CosignatureRow],
    ) -> Result<Vec<CosignatureRow>, Problem> {
        let unread = |_| split("the stored checkpoint does not read");
        let question = &Question {
            platform,
            tiles: PublishedTiles(publication),
            nodes: &self.nodes,
            note: checkpoint.note.parse().map_err(unread)?,
            head: TreeHead { size: checkpoint.size, root: Hash::from_bytes(checkpoint.root) },
            deadline: Instant::now() + GATHERING,
        };
        self.witnesses.iter_mut().for_each(|asked| asked.recall(checkpoint.size, there));
        let due = self.witnesses.iter_mut().filter(|asked| asked.due);
        let tally = &*self.tally;
        Ok(thread::scope(|scope| {
            let mut asking = Vec::new();
            for asked in due {
                let ask = move || asked.ask(question, tally);
                let thread = thread::Builder::new().name("witness".to_owned());
                asking.extend(thread.spawn_scoped(scope, ask).ok());
            }
            asking.into_iter().filter_map(|one| one.join().ok().flatten()).collect()
        }))
    }
}

impl Asked {
    const fn new(witness: KnownWitness) -> Self {
        Self { witness, known: 0, settled: 0, missing: None, failures: 0, pause: 0, due: false }
    }

    fn begin_round(&mut self, size: u64) {
        let open = self.settled != size;
        self.due = open && self.pause == 0;
        if open {
            self.pause = self.pause.saturating_sub(1);
        }
    }

    /// Takes up what is stored: after a start, or from another publisher.
    fn recall(&mut self, size: u64, there: &[CosignatureRow]) {
        let key = self.witness.key.to_string();
        if there.iter().any(|row| row.size == size && row.witness == key) {
            self.settle(size);
            self.known = size;
            self.due = false;
        }
    }

    const fn settle(&mut self, size: u64) {
        self.settled = size;
        (self.missing, self.failures, self.pause) = (None, 0, 0);
    }

    fn ask(&mut self, question: &Question<'_>, tally: &Tally) -> Option<CosignatureRow> {
        let size = question.head.size;
        match self.cosignature(question) {
            Ok(cosigned) => {
                self.settle(size);
                let line = cosigned?;
                self.known = size;
                tally.count(&self.witness.key, "");
                let witness = self.witness.key.to_string();
                Some(CosignatureRow { size, witness, line: line.to_string() })
            }
            Err(problem) => {
                tally.count(&self.witness.key, problem.label());
                self.fail(size, &problem);
                None
            }
        }
    }

    fn fail(&mut self, size: u64, problem: &Problem) {
        self.failures = self.failures.saturating_add(1);
        self.pause = (1 << self.failures.min(PAUSE_DOUBLINGS)) - 1;
        if problem.remedy() != Remedy::Again {
            // What it said of itself is not built on: it is asked for its size anew.
            self.known = 0;
        }
        let now = Some((size, problem.entry()));
        if self.missing == now {
            return;
        }
        self.missing = now;
        let (witness, label) = (self.witness.key.name(), problem.label());
        let detail = problem.detail_text();
        if problem.remedy() == Remedy::Again {
            tracing::warn!(%witness, size, label, detail, "a witness did not cosign");
        } else {
            tracing::error!(%witness, size, label, detail, "a witness did not cosign");
        }
    }

    /// The witness's cosignature; none where another publisher went on meanwhile, whose checkpoint
    /// is the one to be cosigned.
    fn cosignature(&mut self, question: &Question<'_>) -> Result<Option<SignatureLine>, Problem> {
        let mut asked_again = false;
        loop {
            if question.is_overtaken(self.known)? {
                return Ok(None);
            }
            match self.put(question)? {
                Said::Cosigned(line) => return Ok(Some(line)),
                Said::Knows(known) if !asked_again && known != self.known => {
                    self.known = known;
                    asked_again = true;
                }
                Said::Knows(_) => return Err(answer("another size than it named before")),
            }
        }
    }

    fn put(&self, question: &Question<'_>) -> Result<Said, Problem> {
        let note = question.note.clone();
        let request = Request { old: self.known, path: question.path(self.known)?, note };
        let left = question.deadline.saturating_duration_since(Instant::now());
        let heard = self.witness.way.add_checkpoint(&request.to_string(), left)?;
        match heard.status {
            200 => read_cosignature(&heard.body, question.note.text(), &self.witness.key)
                .map(Said::Cosigned)
                .map_err(|refusal| answer(refusal.label())),
            409 => read_conflict(&heard.body)
                .map(Said::Knows)
                .ok_or_else(|| answer("a conflict without a size")),
            // The proof was checked here: what does not fit it is what the witness has cosigned.
            422 => Err(Problem::new(&labels::WITNESS_SPLIT_VIEW, format!("from {}", self.known))),
            status => Err(Problem::new(&labels::WITNESS_REFUSED, format!("status {status}"))),
        }
    }
}

impl Question<'_> {
    /// Whether the witness's size is beyond this checkpoint because the ledger's is, too.
    ///
    /// # Errors
    /// `witness_ahead` when the ledger does not reach so far: it was cut, or put back.
    fn is_overtaken(&self, known: u64) -> Result<bool, Problem> {
        if known <= self.head.size {
            return Ok(false);
        }
        let mut newest = 0;
        self.platform.store.snapshot("last_checkpoint", &mut |view| {
            newest = view.last_checkpoint()?.map_or(0, |last| last.size);
            Ok(())
        })?;
        if newest >= known {
            return Ok(true);
        }
        let detail = format!("{known} leaves there, {newest} here: an old backup?");
        Err(Problem::new(&labels::WITNESS_AHEAD, detail))
    }

    /// The way from a size to this checkpoint. It is checked before it leaves the house: a fault of
    /// the tiles must not look like one of the history.
    fn path(&self, from: u64) -> Result<Vec<Hash>, Problem> {
        let prover = Prover::new(&self.tiles, self.nodes).within(self.head.size);
        let unproven = |error| match error {
            ReadError::Source(_, problem) => problem,
            _ => split("the published tiles do not add up"),
        };
        let proof = prover.consistency(from, self.head.size).map_err(unproven)?;
        let earlier = prover.head(from).map_err(unproven)?;
        let holds = proof.verify(&earlier, &self.head);
        holds.map_err(|_| split("the published tiles do not add up"))?;
        Ok(proof.path)
    }
}

fn answer(detail: &str) -> Problem {
    Problem::new(&labels::WITNESS_ANSWER, detail)
}

/// The time that all witnesses together may take. With the longest wait for a round it leaves the
/// promise that what is committed is published within a second.
const GATHERING: Duration = Duration::from_millis(400);
/// A witness that failed is left alone for at most 2 to the power of this, less one, rounds.
const PAUSE_DOUBLINGS: u32 = 4;
/// Tiles with their inner nodes kept for consistency proofs.
const TILES_CACHED: usize = 64;
