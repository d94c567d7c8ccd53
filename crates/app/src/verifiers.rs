//! Verifiers (署名検証者) are registered, suspended and struck off; and whoever asks as one is held
//! against the register. Reads and writes the verifier's row and filing. Invariants touched: P1.
//!
//! What a verifier filed names no person and stands in a setting beside its row. A name belongs to
//! one body for ever: one that was struck off does not come back.

use crate::permits::permit;
use crate::platform::Platform;
use crate::work::{Outcome, PLATFORM_PERSON, Work, broken};
use authority::verifier::{
    Change, Filing, Refusal, Right, VerifierState, decide_ask, decide_change,
};
use base::{ActId, Actor, Moment, PersonId, Problem, Purpose, Remedy, labels};
use policy::{Action, Permit};
use ports::View;
use ports::rows::{VerifierRow, verifier_state};
use seal::fields;
use zeroize::Zeroizing;

/// A verifier of the register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verifier {
    /// Its name as an actor.
    pub name: String,
    /// What it filed.
    pub filing: Filing,
    /// How it stands.
    pub state: VerifierState,
    /// Since when.
    pub since: Moment,
    /// The act that changed it last.
    pub act: ActId,
}

/// A registered verifier that asks for something it may ask.
pub(crate) struct Asking {
    pub(crate) permit: Permit,
    pub(crate) name: String,
    pub(crate) filing: Filing,
}

/// What a verifier asks: an action of the matrix, the right behind it, and for whom.
#[derive(Clone, Copy)]
pub(crate) struct AskedRight<'a> {
    pub(crate) action: Action,
    pub(crate) right: Right,
    pub(crate) provider: Option<&'a str>,
}

/// Registers a verifier under a name that nobody had before.
pub fn verifier_register(
    work: &mut Work<'_>,
    operator: &Actor,
    name: &str,
    filing: &Filing,
) -> Result<ActId, Problem> {
    let permit = permit(operator, Action::VerifierRegister, Purpose::Certification, None)?;
    actor_of(name)?;
    if work.verifier(name)?.is_some() {
        return Err(refused(Refusal::Exists).detail(name.to_owned()));
    }
    let text = filing.to_string();
    let content = registered_content(name, &text);
    let act = work.record(&permit, Outcome::Done, None, &content)?;
    let (kind, since) = (filing.kind().code(), work.now());
    let state = stored(VerifierState::Registered);
    work.keep_verifier(VerifierRow { name: name.to_owned(), kind, state, since, act });
    work.tx.set_setting(&filing_setting(name), &text)?;
    Ok(act)
}

/// Suspends a verifier, lets it ask again, or strikes it off; how it stands then.
pub fn verifier_change(
    work: &mut Work<'_>,
    operator: &Actor,
    name: &str,
    change: Change,
) -> Result<(ActId, VerifierState), Problem> {
    let permit = permit(operator, Action::VerifierRegister, Purpose::Certification, None)?;
    let row = work.verifier(name)?.ok_or_else(|| refused(Refusal::Absent))?;
    let after = decide_change(state_of(&row)?, change).map_err(|refusal| match refusal {
        // These are what a verifier that asks is told, as a refusal of its right.
        Refusal::Suspended | Refusal::Ended => {
            Problem::new(&labels::VERIFIER_STATE, refusal.to_string())
        }
        other => refused(other),
    })?;
    let content = change_content(change, name);
    let act = work.record(&permit, Outcome::Done, None, &content)?;
    work.keep_verifier(VerifierRow { state: stored(after), since: work.now(), act, ..row });
    Ok((act, after))
}

/// All verifiers, by name.
pub fn verifiers(platform: &Platform) -> Result<Vec<Verifier>, Problem> {
    let mut all = Vec::new();
    platform.store.snapshot("verifiers", &mut |view| {
        all.clear();
        let mut after = String::new();
        loop {
            let page = view.verifiers_page(&after, PAGE_ROWS)?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.name);
            for row in page {
                all.push(Verifier::open(view, row)?);
            }
        }
    })?;
    Ok(all)
}

/// Refuses an actor that calls itself a verifier and is not registered, or may not ask now.
pub(crate) fn check_registered(work: &mut Work<'_>, actor: &Actor) -> Result<(), Problem> {
    let Actor::Verifier(name) = actor else { return Ok(()) };
    let row = work.verifier(name)?.ok_or_else(unregistered)?;
    match state_of(&row)? {
        VerifierState::Registered => Ok(()),
        VerifierState::Suspended => Err(refused(Refusal::Suspended)),
        VerifierState::Ended => Err(refused(Refusal::Ended)),
    }
}

/// Holds a caller against the register. One who is not registered, may not ask now or not for this
/// is refused, and that is on record.
pub(crate) fn asking(
    work: &mut Work<'_>,
    (actor, purpose): (&Actor, Purpose),
    asked: AskedRight<'_>,
    content: &[u8],
) -> Result<Asking, Problem> {
    let permit = permit(actor, asked.action, purpose, None)?;
    match filing_of(work, actor, asked) {
        Ok((name, filing)) => Ok(Asking { permit, name, filing }),
        Err(problem) => Err(refuse(work, &permit, problem, (PLATFORM_PERSON, content))),
    }
}

/// Enters a refusal into the ledger, with whom it was about, and gives it back.
pub(crate) fn refuse(
    work: &mut Work<'_>,
    permit: &Permit,
    problem: Problem,
    (subject, content): (PersonId, &[u8]),
) -> Problem {
    if matches!(problem.remedy(), Remedy::Broken | Remedy::Again) {
        return problem;
    }
    match work.record_refusal(permit, &problem, subject, content) {
        Ok(()) => problem,
        Err(worse) => worse,
    }
}

fn filing_of(
    work: &mut Work<'_>,
    actor: &Actor,
    asked: AskedRight<'_>,
) -> Result<(String, Filing), Problem> {
    let Actor::Verifier(name) = actor else { return Err(unregistered()) };
    let row = work.verifier(name)?.ok_or_else(unregistered)?;
    let verifier = Verifier::open(work.tx, row)?;
    let right = (asked.right, asked.provider);
    decide_ask(&verifier.filing, verifier.state, right).map_err(refused)?;
    Ok((verifier.name, verifier.filing))
}

impl Verifier {
    fn open(view: &mut (impl View + ?Sized), row: VerifierRow) -> Result<Self, Problem> {
        let text = view.setting(&filing_setting(&row.name))?;
        let filing = text.as_deref().and_then(Filing::parse);
        let filing = filing.filter(|filing| filing.kind().code() == row.kind);
        let filing = filing.ok_or_else(|| broken("a verifier without its filing"))?;
        let state = state_of(&row)?;
        Ok(Self { name: row.name, filing, state, since: row.since, act: row.act })
    }
}

fn actor_of(name: &str) -> Result<Actor, Problem> {
    let actor = format!("verifier:{name}").parse();
    actor.map_err(|refusal: base::ActorRefusal| Problem::from_refusal(refusal.label()))
}

fn state_of(row: &VerifierRow) -> Result<VerifierState, Problem> {
    let state = VerifierState::ALL.into_iter().find(|state| stored(*state) == row.state);
    state.ok_or_else(|| broken("a verifier in an unknown state"))
}

/// A state as it is stored.
pub(crate) const fn stored(state: VerifierState) -> i64 {
    match state {
        VerifierState::Registered => verifier_state::REGISTERED,
        VerifierState::Suspended => verifier_state::SUSPENDED,
        VerifierState::Ended => verifier_state::ENDED,
    }
}

/// What the ledger commits to when a verifier is registered.
pub(crate) fn registered_content(name: &str, filing: &str) -> Zeroizing<Vec<u8>> {
    fields::pack(&["register", name, filing])
}

/// What it commits to when its state changes.
pub(crate) fn change_content(change: Change, name: &str) -> Zeroizing<Vec<u8>> {
    fields::pack(&[change.word(), name])
}

/// The setting that holds what a verifier filed.
pub(crate) fn filing_setting(name: &str) -> String {
    format!("verifier_filing/{name}")
}

fn unregistered() -> Problem {
    Problem::new(&labels::VERIFIER_UNREGISTERED, "")
}

fn refused(refusal: Refusal) -> Problem {
    Problem::from_refusal(refusal.label())
}

const PAGE_ROWS: usize = 256;
