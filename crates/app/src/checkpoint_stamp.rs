//! Time stamps beside the checkpoints: that a head was there at a time, by RFC 3161.
//!
//! At most one a minute, made on a thread of its own behind the publishing, which never waits for
//! it: a stamp that cannot be made is tried again a minute later. What is stamped is the text that
//! the ledger signs, without signatures, since cosignatures may be added. Owns `timestamps/` and
//! `checkpoint.tsr` with `checkpoint.txt` in the publication.

use crate::platform::Platform;
use crate::time_stamp::Stamper;
use base::{Moment, Problem, labels};
use ports::Publication;
use ports::rows::CheckpointRow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use x509::TimeStamp;

/// What stamps the checkpoints of one publisher.
pub(crate) struct CheckpointStamps {
    platform: Platform,
    publication: Arc<dyn Publication>,
    stamper: Arc<Stamper>,
    /// The newest checkpoint.
    newest: Option<Stamped>,
    /// Leaves of the checkpoint that was stamped last, plus one.
    done: Arc<AtomicU64>,
    /// When the last one was tried.
    tried_at: Option<Moment>,
    under_way: Option<JoinHandle<()>>,
}

/// A checkpoint as it is stamped: leaves, and the text that the ledger signs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Stamped {
    pub(crate) size: u64,
    pub(crate) text: String,
}

/// The stamp of the checkpoint of this size, a TimeStampResp in DER.
pub fn published_stamp(publication: &dyn Publication, size: u64) -> Result<Vec<u8>, Problem> {
    found(publication.read(&path_of(size, STAMP))?)
}

/// The text that the stamp of the checkpoint of this size is about.
pub fn published_text(publication: &dyn Publication, size: u64) -> Result<Vec<u8>, Problem> {
    found(publication.read(&path_of(size, TEXT))?)
}

/// The newest stamp, and the text that it is about.
pub fn newest_stamp(publication: &dyn Publication) -> Result<(Vec<u8>, Vec<u8>), Problem> {
    let text = found(publication.read(NEWEST_TEXT)?)?;
    Ok((found(publication.read(NEWEST_STAMP)?)?, text))
}

impl CheckpointStamps {
    pub(crate) fn new(platform: Platform, publication: Arc<dyn Publication>) -> Self {
        let stamper = Arc::new(Stamper::new(platform.clone()));
        let done = Arc::default();
        let (newest, tried_at, under_way) = (None, None, None);
        Self { platform, publication, stamper, newest, done, tried_at, under_way }
    }

    /// Names the newest checkpoint.
    pub(crate) fn offer(&mut self, newest: Option<Stamped>) {
        self.newest = newest;
    }

    /// Begins to stamp what waits, if it is time for it; does not wait for the stamp.
    pub(crate) fn go_on(&mut self) {
        if self.under_way.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return;
        }
        let now = self.platform.clock.now();
        if self.tried_at.is_some_and(|tried| is_early(tried, now)) {
            return;
        }
        let done = Arc::clone(&self.done);
        let is_new = |newest: &&Stamped| newest.size + 1 != done.load(Ordering::Relaxed);
        let Some(newest) = self.newest.as_ref().filter(is_new).cloned() else { return };
        self.tried_at = Some(now);
        let (stamper, place) = (Arc::clone(&self.stamper), Arc::clone(&self.publication));
        let run = move || match stamp(&stamper, &*place, &newest, now) {
            Ok(true) => done.store(newest.size + 1, Ordering::Relaxed),
            Ok(false) => {}
            // A platform without a certification authority has no time stamps.
            Err(problem) if problem.label() == labels::DELEGATE_ABSENT.text => {}
            Err(problem) => {
                let (label, size) = (problem.label(), newest.size);
                tracing::warn!(label, size, "a checkpoint was not stamped");
            }
        };
        let thread = std::thread::Builder::new().name("checkpoint-stamp".to_owned()).spawn(run);
        self.under_way = thread.ok();
    }
}

impl Drop for CheckpointStamps {
    /// Waits for the stamp that is under way: a program that ends in the middle of a signature may
    /// take down the library that makes it.
    fn drop(&mut self) {
        if let Some(thread) = self.under_way.take() {
            drop(thread.join());
        }
    }
}

impl Stamped {
    /// The checkpoint as it is stored; its text ends with the empty line before the signatures.
    pub(crate) fn of(row: &CheckpointRow) -> Self {
        let text = row.note.find("\n\n").map_or(&row.note[..], |end| &row.note[..=end]);
        Self { size: row.size, text: text.to_owned() }
    }
}

/// Stamps a checkpoint; whether it has its stamp now.
fn stamp(
    stamper: &Stamper,
    place: &dyn Publication,
    newest: &Stamped,
    now: Moment,
) -> Result<bool, Problem> {
    if place.read(&path_of(newest.size, STAMP))?.is_some() {
        return Ok(true);
    }
    // Another program may have stamped a moment ago.
    let last = place.read(NEWEST_STAMP)?;
    let last = last.and_then(|last| TimeStamp::parse(&last).ok().map(|stamp| stamp.info().at));
    if last.is_some_and(|last| is_early(last, now)) {
        return Ok(false);
    }
    let (response, text) = (stamper.stamp(newest.text.as_bytes())?, newest.text.as_bytes());
    // What a stamp is about is there before the stamp.
    place.write_all(&[(path_of(newest.size, TEXT), text)])?;
    place.write_all(&[(path_of(newest.size, STAMP), &response)])?;
    place.write_all(&[(NEWEST_TEXT.to_owned(), text), (NEWEST_STAMP.to_owned(), &response)])?;
    Ok(true)
}

fn is_early(last: Moment, now: Moment) -> bool {
    now.us().abs_diff(last.us()) < EVERY_US
}

fn path_of(size: u64, extension: &str) -> String {
    format!("timestamps/{size}.{extension}")
}

fn found(bytes: Option<Vec<u8>>) -> Result<Vec<u8>, Problem> {
    bytes.ok_or_else(|| Problem::new(&labels::TIME_STAMP_ABSENT, ""))
}

const STAMP: &str = "tsr";
const TEXT: &str = "txt";
const NEWEST_STAMP: &str = "checkpoint.tsr";
const NEWEST_TEXT: &str = "checkpoint.txt";
const EVERY_US: u64 = 60 * 1_000_000;
