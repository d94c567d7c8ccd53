//! What goes wrong around a signature, in pairs: it was made and the answer was lost, it was not
//! made; twice; late; wrong; and what goes wrong around the two commits. After each, nothing that
//! was acknowledged is lost, a serial number has one certificate, and every case ends.

use crate::certifying::{Bureau, asked, chiyoda};
use crate::house::{CHIYODA, House, message};
use crate::publishing::Shared;
use authority::CertificateKind;
use authority::trigger::Trigger;
use base::{Problem, Purpose, labels};
use keys::testing::{FitfulKeyStore, Signing};
use numbers::ResidentRecordCode;
use ports::KeyLabel;
use sekisho_app::Committer;
use sekisho_app::certificate_end::certificate_end;
use sekisho_app::certificate_finish::{Finished, certificate_finish, certificate_of, signed};
use sekisho_app::certificate_issue::{Issued, conclude, intend, sign};
use sekisho_app::number_ask::Whose;
use sekisho_app::revocation_list::RevocationLists;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use x509::{CertStatus, KeyAlgorithm};

/// What ails the key that signs, and how often it signed.
#[derive(Default)]
pub(crate) struct Sly {
    fault: Mutex<Fault>,
    signed: AtomicU64,
    /// What the key store was left to verify.
    unverified: Mutex<Vec<KeyLabel>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Fault {
    #[default]
    None,
    /// Nothing is signed.
    Gone,
    /// It is signed, and the answer does not come.
    AnswerLost,
    /// It is signed two times.
    Twice,
    /// Nothing comes in time; later it works again.
    Late,
    /// Other bytes are signed.
    OtherBytes,
    /// Another key signs.
    OtherKey,
    /// A signature of no bytes.
    Empty,
}

impl Sly {
    pub(crate) fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    fn sign(&self, asked: &Signing<'_>) -> Result<Vec<u8>, Problem> {
        let fault = *self.fault.lock().unwrap();
        let away = || Problem::new(&labels::HSM_UNAVAILABLE, "on demand");
        if !asked.is_verified {
            self.unverified.lock().unwrap().push(asked.label.clone());
        }
        if fault != Fault::Gone {
            self.signed.fetch_add(1, Ordering::SeqCst);
        }
        match fault {
            Fault::None => asked.go_on(),
            Fault::Gone | Fault::Late => Err(away()),
            Fault::AnswerLost => asked.go_on().and_then(|_| Err(away())),
            Fault::Twice => asked.go_on().and_then(|_| asked.go_on()),
            Fault::OtherBytes => asked.store.sign(asked.label, &asked.message[1..]),
            Fault::OtherKey => {
                let signature = asked.label.name() == "ca-signature";
                let other = if signature { "ca-authentication/1" } else { "ca-signature/1" };
                asked.store.sign(&other.parse().unwrap(), asked.message)
            }
            Fault::Empty => Ok(Vec::new()),
        }
    }
}

/// A house with residents, an authority of each kind, and keys that go wrong.
pub(crate) fn on_both_slyly(
    residents: u64,
    journey: impl Fn(&Bureau<'_>, &Sly, &[ResidentRecordCode]),
) {
    for mut house in [House::sqlite(), House::postgresql()] {
        let sly = Arc::new(Sly::default());
        let signing = Arc::clone(&sly);
        let keys = FitfulKeyStore::new(house.platform.keys.clone(), move |s| signing.sign(s));
        house.platform.keys = Arc::new(keys);
        let codes = house.stock(CHIYODA, residents);
        for (sequence, code) in (1..).zip(&codes) {
            assert_eq!(house.take_one(&message(CHIYODA, sequence, "birth", Some(code))), "applied");
        }
        let bureau = Bureau::open(&house, KeyAlgorithm::P256);
        journey(&bureau, &sly, &codes);
        sly.set(Fault::None);
        certificate_finish(&house.platform, 0).unwrap();
        let left = certificate_finish(&house.platform, 0).unwrap();
        assert_eq!(left, Finished::default(), "every case has ended");
        assert_eq!(house.faults(), [""; 0], "{}", house.platform.store.kind());
        let certifies = |label: &KeyLabel| label.name().starts_with("ca-");
        let unverified = sly.unverified.lock().unwrap();
        assert!(!unverified.iter().any(certifies), "an authority verifies what it signed, alone");
    }
}

const KIND: CertificateKind = CertificateKind::Authentication;

#[test]
fn whatever_the_key_answers_the_stored_bytes_are_signed_once_it_answers_well() {
    let faults = [
        (Fault::Gone, Some("hsm_unavailable")),
        (Fault::AnswerLost, Some("hsm_unavailable")),
        (Fault::Late, Some("hsm_unavailable")),
        (Fault::OtherBytes, Some("signing_signature")),
        (Fault::OtherKey, Some("signing_signature")),
        (Fault::Empty, Some("signing_signature")),
        (Fault::Twice, None),
    ];
    on_both_slyly(faults.len() as u64, |bureau, sly, codes| {
        let platform = &bureau.house.platform;
        for ((fault, label), code) in faults.iter().zip(codes) {
            let intended = bureau.intend(KIND, code).unwrap();
            sly.set(*fault);
            let signed = sign(platform, &intended);
            assert_eq!(signed.as_ref().err().map(Problem::label), *label, "{fault:?}");
            // Start-up meets the same key, and leaves the case open.
            let finished = certificate_finish(platform, 0).unwrap();
            let left = usize::from(label.is_some());
            let expected = Finished { issued: 1 - left, closed: 0, left };
            assert_eq!(finished, expected, "{fault:?}");
            sly.set(Fault::None);
            let issued = certificate_of(platform, intended.id).unwrap();
            // Who comes with a signature of their own finds the one that is stored.
            let again = sign(platform, &intended).unwrap();
            let late = bureau.house.act(|work| conclude(work, &again)).unwrap();
            assert!(late == issued, "{fault:?}: one certificate of a serial number");
            assert_eq!(bureau.told(&issued), CertStatus::Good);
            assert!(bureau.intend(KIND, code).is_err(), "one living certificate");
        }
    });
}

#[test]
fn a_case_that_cannot_be_finished_keeps_no_other_from_it() {
    on_both_slyly(3, |bureau, sly, codes| {
        let platform = &bureau.house.platform;
        let signature = bureau.intend(CertificateKind::Signature, &codes[0]).unwrap();
        let others: Vec<_> =
            codes[1..].iter().map(|code| bureau.intend(KIND, code).unwrap()).collect();
        // The sealed bytes of the first are lost: it cannot be finished, now or ever.
        bureau.house.raw_past_triggers(
            "CREATE TABLE kept AS SELECT * FROM certificate_intention; \
             UPDATE certificate_intention SET tbs = key_digest WHERE authority = 1",
        );
        let finished = certificate_finish(platform, 0).unwrap();
        assert_eq!(finished, Finished { issued: 2, closed: 0, left: 1 });
        for intended in &others {
            assert!(certificate_of(platform, intended.id).is_ok());
        }
        bureau.house.raw_past_triggers(
            "UPDATE certificate_intention SET tbs = (SELECT k.tbs FROM kept k \
             WHERE k.authority = 1) WHERE authority = 1; DROP TABLE kept",
        );
        let signed = sly.signed.load(Ordering::SeqCst);
        assert!(certificate_of(platform, signature.id).is_ok());
        assert_eq!(sly.signed.load(Ordering::SeqCst), signed + 1);
        certificate_of(platform, signature.id).unwrap();
        assert_eq!(sly.signed.load(Ordering::SeqCst), signed + 1, "what is stored is told");
    });
}

#[test]
fn a_commit_that_fails_leaves_nothing_half_done() {
    on_both_slyly(2, |bureau, _, codes| {
        let house = bureau.house;
        let refuse = |label| *house.store.refuses.lock().unwrap() = label;
        // The first commit: nothing is stored, and the serial number is still there to be given.
        refuse(Some(&labels::STORE_FULL));
        let refused = bureau.intend(KIND, &codes[0]);
        assert_eq!(refused.err().map(|problem| problem.label()), Some("store_full"));
        refuse(None);
        let failed = house.act(|work| {
            let done = intend(work, &chiyoda(), Purpose::Certification, &asked(KIND, &codes[0]));
            house.store.poisoned.store(true, Ordering::SeqCst);
            done
        });
        assert_eq!(failed.err().map(|problem| problem.label()), Some("store_constraint"));
        let intended = bureau.intend(KIND, &codes[0]).unwrap();
        assert_eq!(intended.id.serial, 3, "after the authority's own and its responder's");
        // The second: the case stays open, and is finished later.
        let signed = sign(&house.platform, &intended).unwrap();
        let failed = house.act(|work| {
            let done = conclude(work, &signed);
            house.store.poisoned.store(true, Ordering::SeqCst);
            done
        });
        assert_eq!(failed.err().map(|problem| problem.label()), Some("store_constraint"));
        refuse(Some(&labels::STORE_UNREACHABLE));
        let gone = certificate_finish(&house.platform, 0);
        assert_eq!(gone.err().map(|problem| problem.label()), Some("store_unreachable"));
        refuse(None);
        let finished = certificate_finish(&house.platform, 0).unwrap();
        assert_eq!(finished, Finished { issued: 1, closed: 0, left: 0 });
    });
}

#[test]
fn a_death_between_intention_and_outcome_wins_and_is_told_everywhere() {
    on_both_slyly(1, |bureau, sly, codes| {
        let house = bureau.house;
        let intended = bureau.intend(CertificateKind::Signature, &codes[0]).unwrap();
        sly.set(Fault::AnswerLost);
        assert!(sign(&house.platform, &intended).is_err());
        assert_eq!(house.take_one(&message(CHIYODA, 2, "death", Some(&codes[0]))), "applied");
        sly.set(Fault::None);
        let closed = certificate_of(&house.platform, intended.id);
        assert_eq!(closed.err().map(|problem| problem.label()), Some("certificate_closed"));
        // Whoever comes back for it is told so, and the key is not asked again.
        let before = sly.signed.load(Ordering::SeqCst);
        let back = signed(&house.platform, intended.id);
        assert_eq!(back.err().map(|problem| problem.label()), Some("certificate_closed"));
        assert_eq!(sly.signed.load(Ordering::SeqCst), before);
        // A signature is out in the world all the same: neither list nor OCSP stands by it.
        let signed = sign(&house.platform, &intended).unwrap();
        let late = house.act(|work| conclude(work, &signed));
        assert_eq!(late.err().map(|problem| problem.label()), Some("certificate_closed"));
        assert!(matches!(bureau.told_of(intended.id), CertStatus::Revoked { .. }));
        house.clock.pass_hours(1);
        bureau.lists.make_due().unwrap();
        assert!(bureau.listed_of(intended.id, CHIYODA).is_some());
    });
}

#[test]
fn many_at_once_for_one_person_end_in_one_certificate() {
    for house in [House::sqlite(), House::postgresql()] {
        let codes = house.stock(CHIYODA, 2);
        for (sequence, code) in (1..).zip(&codes) {
            house.take_one(&message(CHIYODA, sequence, "birth", Some(code)));
        }
        let _bureau = Bureau::open(&house, KeyAlgorithm::P256);
        // Two programs, each with a door of its own, and several callers at each.
        let doors = [(); 2].map(|()| Committer::start(house.platform.clone()).unwrap());
        let issue = |door: &Committer, code: &ResidentRecordCode| -> Result<Issued, Problem> {
            let asked = asked(KIND, code);
            let intended =
                door.call(move |work| intend(work, &chiyoda(), Purpose::Certification, &asked))?;
            let signed = sign(&house.platform, &intended)?;
            door.call(move |work| conclude(work, &signed))
        };
        let done: Vec<_> = std::thread::scope(|scope| {
            let issue = &issue;
            let callers: Vec<_> = (0..8)
                .map(|caller: usize| {
                    let (door, code) = (&doors[caller % 2], &codes[caller / 4]);
                    scope.spawn(move || issue(door, code))
                })
                .collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        let labels: Vec<_> =
            done.iter().filter_map(|done| done.as_ref().err().map(Problem::label)).collect();
        assert_eq!(labels.len(), 6, "{labels:?}");
        let fit = ["certificate_in_force", "certificate_issuance_under_way"];
        assert!(labels.iter().all(|label| fit.contains(label)), "{labels:?}");
        assert_eq!(house.faults(), [""; 0]);
    }
}

#[test]
fn a_delegate_that_was_passed_keeps_its_serial_number() {
    on_both_slyly(1, |bureau, sly, codes| {
        let house = bureau.house;
        // The next responder is meant, and the key is away.
        house.clock.pass_hours(21 * 24);
        sly.set(Fault::Gone);
        assert!(sekisho_app::delegate::renew(&house.platform).is_err());
        sly.set(Fault::None);
        // Others go on and pass it.
        let issued = bureau.issue(KIND, &codes[0]);
        bureau.issue(CertificateKind::Signature, &codes[0]);
        assert_eq!(house.faults(), [""; 0]);
        assert!(sekisho_app::delegate::renew(&house.platform).unwrap() > 0);
        assert_eq!(sekisho_app::delegate::renew(&house.platform).unwrap(), 0);
        assert_eq!(bureau.told(&issued), CertStatus::Good);
    });
}

#[test]
fn a_list_that_was_not_signed_is_made_again() {
    on_both_slyly(2, |bureau, sly, codes| {
        let house = bureau.house;
        let issued = bureau.issue(KIND, &codes[0]);
        bureau.issue(CertificateKind::Signature, &codes[1]);
        bureau.lists.make_due().unwrap();
        house.clock.pass_hours(1);
        assert_eq!(house.take_one(&message(CHIYODA, 3, "death", Some(&codes[0]))), "applied");
        assert_eq!(house.take_one(&message(CHIYODA, 4, "move_out", Some(&codes[1]))), "applied");
        for fault in [Fault::Gone, Fault::OtherKey] {
            sly.set(fault);
            let made = [(); 2].map(|()| {
                house.clock.pass_seconds(10);
                bureau.lists.make_due()
            });
            assert!(made.iter().any(Result::is_err), "{fault:?}");
            assert_eq!(bureau.listed(&issued, CHIYODA), None, "{fault:?}");
        }
        sly.set(Fault::None);
        house.clock.pass_seconds(10);
        bureau.lists.make_due().unwrap();
        house.clock.pass_seconds(10);
        bureau.lists.make_due().unwrap();
        assert!(bureau.listed(&issued, CHIYODA).is_some());
        assert_eq!(bureau.faults_of_lists(), [""; 0]);
    });
}

#[test]
fn what_is_revoked_while_a_list_is_made_is_on_it_or_on_the_next() {
    on_both_slyly(2, |bureau, _, codes| {
        let house = bureau.house;
        let (one, two) = (bureau.issue(KIND, &codes[0]), bureau.issue(KIND, &codes[1]));
        bureau.lists.make_due().unwrap();
        house.clock.pass_hours(1);
        assert_eq!(house.take_one(&message(CHIYODA, 3, "death", Some(&codes[0]))), "applied");
        house.clock.pass_seconds(10);
        // Another program, whose clock is behind, revokes between the look and the record.
        let death = house.taking(&[message(CHIYODA, 4, "death", Some(&codes[1]))]);
        *house.store.between.lock().unwrap() = Some(Box::new(death));
        bureau.lists.make_due().unwrap();
        assert!(bureau.listed(&one, CHIYODA).is_some());
        house.clock.pass_seconds(10);
        bureau.lists.make_due().unwrap();
        assert!(bureau.listed(&two, CHIYODA).is_some());
    });
}

#[test]
fn a_clock_that_is_set_back_keeps_nothing_in_force() {
    on_both_slyly(2, |bureau, _, codes| {
        let house = bureau.house;
        house.clock.pass_hours(3);
        let issued = bureau.issue(KIND, &codes[0]);
        bureau.lists.make_due().unwrap();
        let responder = sekisho_app::ocsp::Responder::new(house.platform.clone());
        let request = bureau.request_for(issued.id);
        let status = || {
            let told = responder.prepared(&request).unwrap_or_else(|| responder.answer(&request));
            x509::OcspResponse::parse(&told.response).unwrap().answers()[0].status
        };
        assert_eq!(status(), CertStatus::Good);
        // Looked at in an hour that comes again.
        house.clock.pass_hours(1);
        assert_eq!(status(), CertStatus::Good);
        house.clock.pass_seconds(-1_800);
        let missing = (&Whose::Code(codes[0].clone()), Trigger::ReportedMissing);
        let operator = crate::certifying::operator();
        let hold = |work: &mut sekisho_app::Work<'_>| {
            certificate_end(work, &operator, Purpose::Certification, missing)
        };
        house.act(hold).unwrap();
        assert!(matches!(status(), CertStatus::Revoked { .. }), "it is not told from memory");
        house.clock.pass_hours(-2);
        let refused = bureau.intend(KIND, &codes[1]);
        assert_eq!(refused.err().map(|problem| problem.label()), Some("clock_behind"));
        assert_eq!(house.take_one(&message(CHIYODA, 3, "death", Some(&codes[0]))), "applied");
        house.clock.pass_seconds(10);
        bureau.lists.make_due().unwrap();
        assert!(bureau.listed(&issued, CHIYODA).is_some());
    });
}

#[test]
fn an_older_list_that_lands_on_a_newer_one_is_followed_by_the_next() {
    on_both_slyly(2, |bureau, _, codes| {
        let house = bureau.house;
        let (one, two) = (bureau.issue(KIND, &codes[0]), bureau.issue(KIND, &codes[1]));
        bureau.lists.make_due().unwrap();
        house.clock.pass_hours(1);
        assert_eq!(house.take_one(&message(CHIYODA, 3, "death", Some(&codes[0]))), "applied");
        house.clock.pass_seconds(10);
        // While this program is about to write, another one lists the next death.
        let others = RevocationLists::new(house.platform.clone(), bureau.place.clone());
        let (death, clock) =
            (house.taking(&[message(CHIYODA, 4, "death", Some(&codes[1]))]), house.clock.clone());
        let slow = Shared::new(bureau.place.clone()).before_write(move || {
            death();
            clock.pass_seconds(10);
            assert_eq!(others.make_due(), Ok(1));
        });
        let lists = RevocationLists::new(house.platform.clone(), Arc::new(slow));
        lists.make_due().unwrap();
        assert!(bureau.listed(&one, CHIYODA).is_some());
        assert!(bureau.listed(&two, CHIYODA).is_none(), "the older one lies there");
        for _ in 0..2 {
            house.clock.pass_seconds(10);
            lists.make_due().unwrap();
        }
        assert!(bureau.listed(&two, CHIYODA).is_some());
        assert_eq!(bureau.faults_of_lists(), [""; 0]);
    });
}
