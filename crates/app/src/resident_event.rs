//! A municipality reports what happened to a resident. Reads and writes person, code, number, feed;
//! puts a new number on the municipality's next list. Invariants touched: N1, A1, P1.
//!
//! Messages are taken in the order of their sequence numbers. One that comes early waits, sealed,
//! and is applied by `feed_backlog` once the gap is closed; one that comes again is answered from
//! the record; one that the law refuses is recorded as refused, with its label, and the feed goes
//! on: what it was to do is sent again under the next number.

use crate::enact::{FIRST_KEY_GENERATION, enact};
use crate::feed_backlog::work_off;
use crate::key_roles::KeyRole;
use crate::keyed::KeyedMessage;
use crate::people::Person;
use crate::stock::{self, Drawn};
use crate::work::{Outcome, Work, broken};
use base::{ActId, Actor, PersonId, Problem, Purpose, Remedy, limits};
use numbers::LocalGovernmentCode;
use policy::{Action, Permit};
use ports::rows::{FeedMessageRow, StockRow};
use registry::resident::{self, Decision};
use registry::sequence::{self, Arrival, FeedCursor, Seen};
use registry::{EventKind, FeedMessage, ResidentEvent};
use seal::{OpenedKey, Place};

/// What became of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Its sender.
    pub municipality: LocalGovernmentCode,
    /// Its sequence number.
    pub sequence: u64,
    /// How it ended.
    pub end: End,
    /// Whether it had arrived before.
    pub repeated: bool,
}

/// How a message ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// Applied, as this act.
    Applied(ActId),
    /// Recorded as refused, as this act, with this label.
    Refused(ActId, String),
    /// Waits until all before it are applied; this one is applied next.
    Waiting(u64),
}

/// How the permit for a sender is asked for.
pub type AskPermit<'a> = &'a dyn Fn(LocalGovernmentCode) -> Result<Permit, Problem>;

/// Takes in messages of one sender or several, in the order given.
pub fn resident_events(
    work: &mut Work<'_>,
    messages: &[KeyedMessage],
    permit: AskPermit<'_>,
) -> Result<Vec<Result<Taken, Problem>>, Problem> {
    work.prefetch(messages)?;
    work.may_work_off(messages.len().max(limits::FEED_DRAIN_MAX));
    let mut taken = Vec::with_capacity(messages.len());
    for keyed in messages {
        let permit = permit(keyed.message.municipality);
        let one = permit.and_then(|permit| resident_event(work, &permit, keyed));
        match one {
            // What is refused is the sender's affair; what ails the platform stops the batch.
            Err(problem) if problem.is_of_the_platform() => return Err(problem),
            one => taken.push(one),
        }
    }
    Ok(taken)
}

/// The permit of a municipality for its own feed: whoever brings what it sent stands for it.
pub(crate) fn feed_permit(sender: LocalGovernmentCode) -> Result<Permit, Problem> {
    let (actor, purpose) = (Actor::Municipality(sender), Purpose::ResidentRegister);
    crate::permits::permit(&actor, Action::ResidentEvent, purpose, Some(sender))
}

/// Takes in one message.
fn resident_event(
    work: &mut Work<'_>,
    permit: &Permit,
    keyed: &KeyedMessage,
) -> Result<Taken, Problem> {
    let FeedMessage { municipality, sequence, .. } = keyed.message;
    stock::registrar(municipality)?;
    let seen = work.message(municipality, sequence)?;
    let digest = recognised(work, keyed, seen.as_ref())?;
    let cursor = work.cursor(municipality)?;
    let order = FeedCursor { next: cursor.next, waiting: cursor.waiting };
    let known = seen.as_ref().map(|row| Seen { digest: row.digest, outcome: outcome_of(row) });
    let arrival = sequence::decide(order, sequence, digest, known.as_ref())
        .map_err(|refusal| Problem::from_refusal(refusal.label()).in_field("sequence"))?;
    let (end, repeated) = match (arrival, seen) {
        (Arrival::Apply, _) => (take_in_order(work, permit, keyed)?, false),
        (Arrival::Wait, _) => (wait(work, keyed)?, false),
        (Arrival::Repeat(_), Some(row)) => (end_of(&row, cursor.next), true),
        (Arrival::Repeat(_), None) => return Err(broken("a repeat of nothing")),
    };
    Ok(Taken { municipality, sequence, end, repeated })
}

/// The digest by which the message is held against the one seen in its place: the same as that
/// one's, where it is the same message under the key of a former epoch.
fn recognised(
    work: &Work<'_>,
    keyed: &KeyedMessage,
    seen: Option<&FeedMessageRow>,
) -> Result<[u8; 16], Problem> {
    let fresh = digest_of(work, keyed)?;
    match seen {
        Some(seen) if work.is_repeat(seen.digest, fresh, &keyed.content)? => Ok(seen.digest),
        _ => Ok(fresh),
    }
}

/// The digest under the key in use: made ahead, or here, where a new epoch began meanwhile.
fn digest_of(work: &Work<'_>, keyed: &KeyedMessage) -> Result<[u8; 16], Problem> {
    if keyed.digest_epoch == work.epochs().era(KeyRole::Repeat).current {
        return Ok(keyed.digest);
    }
    work.repeat_digest(&keyed.content)
}

/// Applies a message and then those that waited for it, as many as this transaction may.
fn take_in_order(
    work: &mut Work<'_>,
    permit: &Permit,
    keyed: &KeyedMessage,
) -> Result<End, Problem> {
    let first = apply(work, permit, keyed)?;
    let mut cursor = work.cursor(keyed.message.municipality)?;
    cursor.next += 1;
    let next = cursor.next;
    work.keep_cursor(cursor);
    work_off(work, permit, keyed.message.municipality)?;
    Ok(end_of(&first, next))
}

/// Decides one message and records what became of it.
pub(crate) fn apply(
    work: &mut Work<'_>,
    permit: &Permit,
    keyed: &KeyedMessage,
) -> Result<FeedMessageRow, Problem> {
    let KeyedMessage { message, content, .. } = keyed;
    let (act, label) = match decide(work, message) {
        Ok(decided) => {
            decided.stock.into_iter().try_for_each(|row| work.keep_stock(row))?;
            (enact(work, permit, decided.known, &decided.decision, content)?.1, None)
        }
        Err(problem) if is_final(&problem) => {
            let subject = subject_of(work, &message.event)?;
            let outcome = Outcome::Refused(problem.label());
            (work.record(permit, outcome, subject, content)?, Some(problem.label().to_owned()))
        }
        Err(problem) => return Err(problem),
    };
    let FeedMessage { municipality, sequence, .. } = *message;
    let digest = digest_of(work, keyed)?;
    let row =
        FeedMessageRow { municipality, sequence, digest, act: Some(act), label, content: None };
    work.keep_message(row.clone());
    Ok(row)
}

/// Whether the same message would be answered so for ever: only then is the refusal recorded.
fn is_final(problem: &Problem) -> bool {
    matches!(problem.remedy(), Remedy::Refused | Remedy::Absent)
}

/// A decision with what it rests on.
struct Decided {
    known: Option<PersonId>,
    decision: Decision,
    /// The stock that a code was taken from, as it is after that.
    stock: Option<StockRow>,
}

fn decide(work: &mut Work<'_>, message: &FeedMessage) -> Result<Decided, Problem> {
    let (event, stock) = with_code(work, message)?;
    let known = subject_of(work, &event)?;
    if let (None, true, Some(code)) = (known, event.kind.enters(), &event.code) {
        let moves_in = event.kind == EventKind::MoveIn;
        stock::check_free(work, message.municipality, code, moves_in)?;
    }
    let today = work.today();
    let state = known.map(|id| work.person(id)).transpose()?.map(Person::resident);
    let decision = resident::decide(state, &event, message.municipality, today)
        .map_err(|refusal| Problem::from_refusal(refusal.label()))?;
    Ok(Decided { known, decision, stock })
}

/// The event with a resident record code: a first entry without one takes the next of the stock.
fn with_code(
    work: &mut Work<'_>,
    message: &FeedMessage,
) -> Result<(ResidentEvent, Option<StockRow>), Problem> {
    let event = message.event.clone();
    if event.code.is_some() || !event.kind.enters() {
        return Ok((event, None));
    }
    let Drawn { code, stock } = stock::next_code(work, message.municipality)?;
    Ok((ResidentEvent { code: Some(code), ..event }, Some(stock)))
}

fn subject_of(work: &mut Work<'_>, event: &ResidentEvent) -> Result<Option<PersonId>, Problem> {
    event.code.as_ref().map_or(Ok(None), |code| work.person_by_code(code))
}

/// Keeps a message that came early, sealed under the platform's own key.
fn wait(work: &mut Work<'_>, keyed: &KeyedMessage) -> Result<End, Problem> {
    let digest = digest_of(work, keyed)?;
    let FeedMessage { municipality, sequence, .. } = keyed.message;
    let text = keyed.message.to_json().to_string();
    let sealed = work.seal_own(&waiting_place(municipality, sequence), text.as_bytes());
    let (act, label, content) = (None, None, Some(sealed));
    work.keep_message(FeedMessageRow { municipality, sequence, digest, act, label, content });
    let mut cursor = work.cursor(municipality)?;
    cursor.waiting += 1;
    let next = cursor.next;
    work.keep_cursor(cursor);
    Ok(End::Waiting(next))
}

/// Opens a message that waited.
pub(crate) fn open_waiting(
    own_key: &OpenedKey,
    row: &FeedMessageRow,
) -> Result<FeedMessage, Problem> {
    let sealed = row.content.as_ref().ok_or_else(|| broken("a waiting message is empty"))?;
    let plain = own_key.open(&waiting_place(row.municipality, row.sequence), sealed);
    let plain = plain.map_err(|refusal| Problem::from_refusal(refusal.label()))?;
    let message = FeedMessage::from_json(&plain);
    message.map_err(|_| broken("a waiting message does not read back"))
}

/// The seal's place of a waiting message. Sequence numbers end far below 2⁴⁰.
fn waiting_place(municipality: LocalGovernmentCode, sequence: u64) -> Place {
    let row = (u64::from(municipality.as_u32()) << 40) | (sequence & ((1 << 40) - 1));
    Place {
        table: "feed_message",
        column: "content",
        row: row.cast_signed(),
        generation: FIRST_KEY_GENERATION,
    }
}

fn outcome_of(row: &FeedMessageRow) -> sequence::Outcome {
    match (row.act, &row.label) {
        (None, _) => sequence::Outcome::Waiting,
        (Some(_), None) => sequence::Outcome::Applied,
        (Some(_), Some(_)) => sequence::Outcome::Refused,
    }
}

fn end_of(row: &FeedMessageRow, next: u64) -> End {
    match (row.act, &row.label) {
        (None, _) => End::Waiting(next),
        (Some(act), None) => End::Applied(act),
        (Some(act), Some(label)) => End::Refused(act, label.clone()),
    }
}
