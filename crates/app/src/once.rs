//! Doing a thing once: what was done is kept under the caller's idempotency key for a day, so that
//! a request that comes again is not carried out again.
//!
//! What is kept is the act and a note, never a personal value: the answer is made anew from what is
//! so, under a permit of its own, and is an act of reading where it shows a number. So a key opens
//! nothing to whom the law has closed it since, and disposal reaches everything.

use crate::enact::FIRST_KEY_GENERATION;
use crate::platform::Platform;
use crate::work::{Work, broken};
use base::{ActId, Actor, Moment, Problem, labels, limits};
use ledger::leaf::LeafEntry;
use ports::View;
use ports::rows::{Changes, IdempotencyRow};
use seal::{OpenedKey, Place};

/// What was done under a key before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Before {
    /// As this act.
    pub act: ActId,
    /// What [`Answered::note`] was then.
    pub note: String,
}

/// An answer, made for the first time or again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered<T> {
    /// The act that was done, the first time.
    pub act: ActId,
    /// What the same answer can be made of again besides the act; no personal value.
    pub note: String,
    /// The answer.
    pub answer: T,
}

/// Carries `act` out; if the actor's key was used before, has it answer again from what is known of
/// that. `request` is what was asked, to tell a repeat from a mistake. Tells whether it is a
/// repeat.
pub fn once<T>(
    work: &mut Work<'_>,
    actor: &Actor,
    key: &str,
    request: &[u8],
    act: impl FnOnce(&mut Work<'_>, Option<&Before>) -> Result<Answered<T>, Problem>,
) -> Result<(Answered<T>, bool), Problem> {
    if key.is_empty() || key.len() > limits::IDEMPOTENCY_KEY_BYTES_MAX {
        return Err(Problem::new(&labels::IDEMPOTENCY_KEY_LENGTH, ""));
    }
    let actor = actor.to_string();
    let digest = work.repeat_digest(request)?;
    if let Some(kept) = work.answer(&actor, key)? {
        if !work.is_repeat(kept.digest, digest, request)? {
            return Err(Problem::new(&labels::IDEMPOTENCY_KEY_REUSED, ""));
        }
        let note = open_note(work.own_key(), &kept)?;
        return Ok((act(work, Some(&Before { act: kept.act, note }))?, true));
    }
    let done = act(work, None)?;
    let answer = work.seal_own(&place(done.act), done.note.as_bytes());
    let (key, act) = (key.to_owned(), done.act);
    work.keep_answer(IdempotencyRow { actor, key, digest, act, answer });
    Ok((done, false))
}

/// Whether something was used up within the last day. `kind` is no caller's name.
pub(crate) fn was_used(work: &mut Work<'_>, kind: &str, what: &str) -> Result<bool, Problem> {
    Ok(work.answer(kind, &used_key(what))?.is_some())
}

/// Remembers for a day that something was used up by an act.
pub(crate) fn use_up(
    work: &mut Work<'_>,
    kind: &str,
    what: &str,
    act: ActId,
) -> Result<(), Problem> {
    let digest = work.repeat_digest(what.as_bytes())?;
    let answer = work.seal_own(&place(act), b"");
    let (actor, key) = (kind.to_owned(), used_key(what));
    work.keep_answer(IdempotencyRow { actor, key, digest, act, answer });
    Ok(())
}

fn used_key(what: &str) -> String {
    x509::sha256(what.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Opens the note of a kept answer.
pub(crate) fn open_note(own_key: &OpenedKey, kept: &IdempotencyRow) -> Result<String, Problem> {
    let plain = own_key.open(&place(kept.act), &kept.answer);
    let plain = plain.map_err(|refusal| Problem::from_refusal(refusal.label()))?;
    String::from_utf8(plain.to_vec()).map_err(|_| broken("a kept answer"))
}

/// One walk through the kept answers, which forgets those older than a day.
pub(crate) struct Forgetting {
    /// The first act that is not older.
    kept_from: ActId,
    after: (String, String),
}

impl Forgetting {
    pub(crate) fn begin(platform: &Platform, now: Moment) -> Result<Self, Problem> {
        let mut kept_from = ActId(0);
        platform.store.snapshot("answers_age", &mut |view| {
            kept_from = first_act_at(view, now.plus_us(-KEPT_US))?;
            Ok(())
        })?;
        Ok(Self { kept_from, after: Default::default() })
    }

    /// Forgets what is too old among the next answers; whether there are more to come.
    pub(crate) fn page(&mut self, platform: &Platform) -> Result<bool, Problem> {
        let mut rows = Vec::new();
        platform.store.snapshot("answers_page", &mut |view| {
            let (actor, key) = &self.after;
            rows = view.answers_page((actor, key), PAGE_ROWS)?;
            Ok(())
        })?;
        let Some(last) = rows.last() else { return Ok(false) };
        self.after = (last.actor.clone(), last.key.clone());
        rows.retain(|row| row.act < self.kept_from);
        if !rows.is_empty() {
            let old = rows.into_iter().map(|row| (row.actor, row.key)).collect();
            let changes = Changes { answers_forgotten: old, ..Changes::default() };
            platform.store.transact("answers_forget", &mut |tx| tx.write(&changes))?;
        }
        Ok(true)
    }
}

/// The first act at or after a moment; the number of acts, if there is none. Acts are in the order
/// of their times.
fn first_act_at(view: &mut dyn View, moment: Moment) -> Result<ActId, Problem> {
    let (mut low, mut high) = (0, view.act_count()?);
    while low < high {
        let middle = low + (high - low) / 2;
        let act = view.acts(ActId(middle), 1)?.pop().ok_or_else(|| broken("a gap in the acts"))?;
        let leaf = LeafEntry::parse(&act.entry).map_err(|_| broken("a leaf does not parse"))?;
        if leaf.fields().at_us < moment.us() { low = middle + 1 } else { high = middle }
    }
    Ok(ActId(low))
}

fn place(act: ActId) -> Place {
    let row = act.0.cast_signed();
    Place { table: "answer", column: "answer", row, generation: FIRST_KEY_GENERATION }
}

/// How long a key is kept at least.
const KEPT_US: i64 = 24 * 60 * 60 * 1_000_000;
const PAGE_ROWS: usize = 1_024;
