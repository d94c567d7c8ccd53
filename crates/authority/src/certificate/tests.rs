//! Who gets a certificate, what ends it, and that nothing comes back from the end.

use super::*;
use crate::trigger::{LegalBasis, Trigger};
use crate::validity::end_of_day;
use CertificateKind::{Authentication, Signature};
use proptest::prelude::*;

const BORN: &str = "1980-02-17";

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// Noon in Japan.
fn noon(day: &str) -> Moment {
    end_of_day(date(day)).plus_us(-(12 * 3600 - 1) * 1_000_000)
}

fn application(kind: CertificateKind) -> Application {
    let card = Card { end: date("2035-02-17"), has_pins: true };
    let issuer_end = end_of_day(date("2036-10-20"));
    Application { kind, birth_date: date(BORN), is_ward: false, card, issuer_end }
}

fn certificate(kind: CertificateKind, serial: u64, end: &str) -> Certificate {
    let not_before = noon("2025-10-27");
    let not_after = end_of_day(date(end));
    Certificate { kind, serial, not_before, not_after, state: State::InForce, since: not_before }
}

fn both() -> [Certificate; 2] {
    [certificate(Signature, 1, "2030-02-17"), certificate(Authentication, 2, "2030-02-17")]
}

#[test]
fn a_first_certificate_is_issued() {
    let now = noon("2025-10-27").plus_us(123_456);
    for kind in CertificateKind::ALL {
        let issuance = decide_issue(&[], &application(kind), now).unwrap();
        assert_eq!((issuance.kind, issuance.renews), (kind, None));
        assert_eq!(issuance.not_before, noon("2025-10-27"));
        assert_eq!(issuance.not_after.to_string(), "2030-02-17T14:59:59Z");
        let intended = Certificate::intended(&issuance, 7, now);
        assert_eq!(intended.standing(now), Standing::NotIssued);
        let changes = decide_put_in_force(&[intended], 7, now).unwrap();
        assert_eq!(changes, [(7, Change::PutInForce)]);
        let issued = intended.apply(Change::PutInForce, now);
        assert_eq!(issued.standing(now), Standing::Good);
        assert_eq!(decide_put_in_force(&[issued], 7, now), Err(Refusal::NotIntended));
    }
}

#[test]
fn none_outlives_its_authority() {
    let ends =
        |day: &str| Application { issuer_end: end_of_day(date(day)), ..application(Signature) };
    let decide = |asked: &Application| decide_issue(&[], asked, noon("2025-10-27"));
    assert!(decide(&ends("2030-02-17")).is_ok(), "both end with the same second");
    assert_eq!(decide(&ends("2030-02-16")).err(), Some(Refusal::IssuerEnds));
    // What is the holder's own affair comes first.
    let child = Application { birth_date: date("2020-01-01"), ..ends("2026-01-01") };
    assert_eq!(decide(&child).err(), Some(Refusal::HolderTooYoung));
    // A card that ends sooner lets the certificate end sooner.
    let card = Card { end: date("2030-02-16"), has_pins: true };
    assert!(decide(&Application { card, ..ends("2030-02-16") }).is_ok());
}

#[test]
fn holders_and_cards_that_get_none() {
    let base = application(Signature);
    let young = |born| Application { birth_date: date(born), ..base };
    let card =
        |end: &str, has_pins| Application { card: Card { end: date(end), has_pins }, ..base };
    let ward = Application { is_ward: true, ..base };
    for (asked, of_signature, of_authentication) in [
        (young("2010-10-28"), Some(Refusal::HolderTooYoung), None),
        (young("2010-10-27"), None, None),
        (ward, Some(Refusal::HolderIsWard), None),
        (card("2035-02-17", false), Some(Refusal::CardWithoutPin), None),
        (card("2025-10-26", true), Some(Refusal::CardExpired), Some(Refusal::CardExpired)),
        (card("2025-10-27", true), None, None),
    ] {
        for (kind, refusal) in [(Signature, of_signature), (Authentication, of_authentication)] {
            let decided = decide_issue(&[], &Application { kind, ..asked }, noon("2025-10-27"));
            assert_eq!(decided.err(), refusal, "{asked:?} {kind}");
        }
    }
}

#[test]
fn one_of_a_kind_lives_at_a_time() {
    let ask = |known: &[Certificate], day| decide_issue(known, &application(Signature), noon(day));
    let [signature, authentication] = both();
    assert_eq!(ask(&[signature], "2025-10-28").err(), Some(Refusal::InForce));
    assert_eq!(ask(&[signature], "2029-11-17").err(), Some(Refusal::InForce));
    let renewal = ask(&[signature], "2029-11-18").unwrap();
    assert_eq!(renewal.renews, Some(1));
    assert_eq!(renewal.not_after.date_in_japan(), date("2035-02-17"));
    let first = ask(&[signature], "2030-02-18").unwrap();
    assert_eq!((first.renews, first.not_after.date_in_japan()), (None, date("2035-02-17")));
    let mut held = signature.apply(Change::Hold, noon("2026-01-01"));
    assert_eq!(ask(&[held], "2029-12-01").err(), Some(Refusal::Held));
    held = held.apply(Change::Release, noon("2026-01-02"));
    assert_eq!(ask(&[held], "2029-12-01").unwrap().renews, Some(1));
    let intended = Certificate { state: State::Intended, ..signature };
    assert_eq!(ask(&[intended], "2029-12-01").err(), Some(Refusal::IssuanceUnderWay));
    let capped = ask(&[authentication], "2026-05-01").unwrap();
    assert_eq!(capped.not_after, authentication.not_after);
}

#[test]
fn a_signature_certificate_waits_for_the_authentication_certificate() {
    let [_, authentication] = both();
    let now = noon("2029-12-01");
    let renewing = decide_issue(&[authentication], &application(Authentication), now).unwrap();
    let intended = Certificate::intended(&renewing, 3, now);
    let ask = |known: &[Certificate]| decide_issue(known, &application(Signature), now);
    assert_eq!(ask(&[authentication, intended]).err(), Some(Refusal::IssuanceUnderWay));
    let changes = decide_put_in_force(&[authentication, intended], 3, now).unwrap();
    let superseded = Change::Revoke(RevocationReason::Superseded);
    assert_eq!(changes, [(2, superseded), (3, Change::PutInForce)]);
    let after = [authentication.apply(superseded, now), intended.apply(Change::PutInForce, now)];
    let beside = ask(&after).unwrap();
    assert_eq!(beside.not_after.date_in_japan(), date("2034-02-17"));
    assert_eq!(intended.end(), date("2035-02-17"));
    // The first ones of a card are intended together.
    assert!(ask(&[intended]).unwrap().not_after <= intended.not_after);
}

#[test]
fn an_intention_ends_in_force_or_abandoned() {
    let now = noon("2025-10-27");
    let issuance = decide_issue(&[], &application(Signature), now).unwrap();
    let intended = Certificate::intended(&issuance, 1, now);
    assert_eq!(decide_abandon(&[intended], 1), Ok(Change::Abandon));
    let abandoned = intended.apply(Change::Abandon, now);
    assert_eq!(decide_abandon(&[abandoned], 1), Err(Refusal::NotIntended));
    assert_eq!(decide_abandon(&[], 1), Err(Refusal::NotIntended));
    assert_eq!(abandoned.standing(now), Standing::NotIssued);
    let too_late = decide_put_in_force(&[intended], 1, noon("2030-02-18"));
    assert_eq!(too_late, Err(Refusal::CardExpired));
    let moved = decide_end(&[intended], Trigger::Moved, now).unwrap();
    assert_eq!(moved[0].change, Change::Abandon);
}

#[test]
fn a_move_ends_the_signature_certificate_alone() {
    let now = noon("2026-06-01");
    let endings = decide_end(&both(), Trigger::Moved, now).unwrap();
    let change = Change::Revoke(RevocationReason::AffiliationChanged);
    let basis = LegalBasis::Article(12);
    assert_eq!(endings, [Ending { kind: Signature, serial: 1, change, basis }]);
    assert_eq!(decide_end(&both(), Trigger::CorrectedSlightly, now), Ok(vec![]));
    assert_eq!(decide_end(&both(), Trigger::Died, now).unwrap().len(), 2);
    assert_eq!(decide_end(&[], Trigger::Died, now), Ok(vec![]));
}

#[test]
fn a_missing_card_is_held_then_released_or_revoked() {
    let now = noon("2026-06-01");
    let holds = decide_end(&both(), Trigger::ReportedMissing, now).unwrap();
    assert!(holds.iter().all(|ending| ending.change == Change::Hold) && holds.len() == 2);
    let held = both().map(|known| known.apply(Change::Hold, now));
    assert_eq!(held[0].standing(now), Standing::Held(now));
    assert_eq!(decide_end(&held, Trigger::ReportedMissing, now), Err(Refusal::Absent));
    let released = decide_release(&held, Signature, now).unwrap();
    assert_eq!((released.serial, released.change), (1, Change::Release));
    assert_eq!(decide_release(&both(), Signature, now), Err(Refusal::NotHeld));
    assert_eq!(decide_release(&[], Signature, now), Err(Refusal::Absent));
    let lost = decide_end(&held, Trigger::CardLost, now).unwrap();
    let change = Change::Revoke(RevocationReason::KeyCompromise);
    assert!(lost.iter().all(|ending| ending.change == change));
    let gone = held.map(|known| known.apply(change, now));
    assert_eq!(decide_end(&gone, Trigger::Died, now), Ok(vec![]));
    assert_eq!(decide_release(&gone, Signature, now), Err(Refusal::Absent));
}

#[test]
fn what_has_expired_is_not_ended_again() {
    let last = end_of_day(date("2030-02-17")).plus_us(999_999);
    let [signature, _] = both();
    assert_eq!(signature.standing(last), Standing::Good);
    assert_eq!(signature.standing(last.plus_us(1)), Standing::Expired);
    assert_eq!(signature.standing(noon("2025-10-26")), Standing::NotYetValid);
    assert_eq!(decide_end(&both(), Trigger::Moved, last.plus_us(1)), Ok(vec![]));
    let asked = decide_end(&both(), Trigger::AppliedFor(Signature), last.plus_us(1));
    assert_eq!(asked, Err(Refusal::Absent));
}

#[test]
fn a_clock_that_jumps_back_decides_nothing() {
    let known = both();
    let before = known[0].since.plus_us(-1);
    let refused = Some(Refusal::ClockBehind);
    assert_eq!(decide_issue(&known, &application(Signature), before).err(), refused);
    assert_eq!(decide_end(&known, Trigger::Died, before).err(), refused);
    assert_eq!(decide_release(&known, Signature, before).err(), refused);
    assert_eq!(decide_put_in_force(&known, 1, before).err(), refused);
}

#[test]
fn debug_shows_no_birthday() {
    let asked = application(Signature);
    let issuance = decide_issue(&[], &asked, noon("2025-10-27")).unwrap();
    let shown = format!("{:?} {asked:?} {:?} {issuance:?}", both(), asked.card);
    for hidden in ["2030", "2035", "1980", "02-17"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(CertificateKind),
    Finish(u64),
    GiveUp(u64),
    Happens(Trigger),
    Release(CertificateKind),
    Pass(u16),
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![Just(Signature), Just(Authentication)];
    prop_oneof![
        4 => kind.clone().prop_map(Step::Ask),
        4 => (1_u64..12).prop_map(Step::Finish),
        1 => (1_u64..12).prop_map(Step::GiveUp),
        3 => proptest::sample::select(Trigger::ALL.to_vec()).prop_map(Step::Happens),
        1 => kind.prop_map(Step::Release),
        3 => (1_u16..900).prop_map(Step::Pass),
    ]
}

/// Takes one step of the road that the use cases go.
fn take(known: &mut Vec<Certificate>, step: Step, now: &mut Moment) {
    let mut changes = vec![];
    match step {
        Step::Ask(kind) => {
            if let Ok(issuance) = decide_issue(known, &application(kind), *now) {
                let serial = known.len() as u64 + 1;
                known.push(Certificate::intended(&issuance, serial, *now));
            }
        }
        Step::Finish(serial) => {
            changes = decide_put_in_force(known, serial, *now).unwrap_or_default();
        }
        Step::GiveUp(serial) => {
            changes.extend(decide_abandon(known, serial).map(|change| (serial, change)));
        }
        Step::Happens(trigger) => {
            let endings = decide_end(known, trigger, *now).unwrap_or_default();
            changes.extend(endings.iter().map(|ending| (ending.serial, ending.change)));
        }
        Step::Release(kind) => {
            let released = decide_release(known, kind, *now);
            changes.extend(released.map(|ending| (ending.serial, ending.change)));
        }
        Step::Pass(days) => *now = now.plus_us(i64::from(days) * 86_400_000_000),
    }
    for (serial, change) in changes {
        let at = known.iter().position(|known| known.serial == serial).unwrap();
        assert!(known[at].state.after(change).is_some(), "{change:?} of {:?}", known[at]);
        known[at] = known[at].apply(change, *now);
    }
}

proptest! {
    #[test]
    fn nothing_comes_back_and_one_of_a_kind_lives(steps in proptest::collection::vec(step(), 1..60)) {
        let (mut known, mut now) = (Vec::<Certificate>::new(), noon("2025-10-27"));
        for step in steps {
            let before = known.clone();
            take(&mut known, step, &mut now);
            for (old, new) in before.iter().zip(&known) {
                let over = matches!(old.state, State::Revoked(_) | State::Abandoned);
                prop_assert!(!over || old == new, "{:?} became {:?}", old, new);
                prop_assert_eq!((old.not_before, old.not_after), (new.not_before, new.not_after));
            }
            for kind in CertificateKind::ALL {
                let living = known.iter().filter(|one| one.kind == kind && one.lives(now));
                prop_assert!(living.count() <= 1);
            }
        }
    }

    #[test]
    fn no_change_leads_out_of_the_end(state in any_state(), change in any_change()) {
        let mut one = certificate(Signature, 1, "2030-02-17");
        one.state = state;
        let after = one.apply(change, noon("2026-01-01"));
        match state {
            State::Revoked(_) | State::Abandoned => prop_assert_eq!(after, one),
            _ => prop_assert_eq!(after.state == state, state.after(change).is_none()),
        }
    }
}

fn any_state() -> impl Strategy<Value = State> {
    let revoked = proptest::sample::select(RevocationReason::ALL.to_vec()).prop_map(State::Revoked);
    let others = [State::Intended, State::Abandoned, State::InForce, State::Held, State::Released];
    prop_oneof![revoked, proptest::sample::select(others.to_vec())]
}

fn any_change() -> impl Strategy<Value = Change> {
    let revoke = proptest::sample::select(RevocationReason::ALL.to_vec()).prop_map(Change::Revoke);
    let others = [Change::PutInForce, Change::Abandon, Change::Hold, Change::Release];
    prop_oneof![revoke, proptest::sample::select(others.to_vec())]
}
