//! OCSP: what is signed once and kept, over a restart and the loss of the keys; and what is told of
//! certificates that the authority issued for itself.

use crate::certifying::{Bureau, operator};
use crate::faults_of_signing::{Fault, on_both_slyly};
use crate::house::{CHIYODA, message, on_both};
use authority::CertificateKind;
use authority::trigger::Trigger;
use base::{Clock, Purpose};
use ports::rows::{CertificateId, delegate_purpose};
use sekisho_app::certificate_end::certificate_end;
use sekisho_app::delegate;
use sekisho_app::number_ask::Whose;
use sekisho_app::ocsp::Responder;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use x509::{
    CertStatus, IdHash, IssuerId, KeyAlgorithm, OcspRequest, OcspResponse, OcspStatus,
    RevocationReason, Serial,
};

const KIND: CertificateKind = CertificateKind::Authentication;

fn count(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

/// What is told to a request, the prepared answer before all others.
fn told(responder: &Responder, request: &[u8]) -> Vec<u8> {
    let told = responder.prepared(request).unwrap_or_else(|| responder.answer(request));
    told.response.to_vec()
}

fn status(response: &[u8]) -> CertStatus {
    OcspResponse::parse(response).unwrap().answers()[0].status
}

#[test]
fn first_answers_wait_for_no_disk_and_are_written_together() {
    on_both_slyly(8, |bureau, sly, codes| {
        let (house, platform) = (bureau.house, &bureau.house.platform);
        let requests: Vec<_> =
            codes.iter().map(|code| bureau.request_for(bureau.issue(KIND, code).id)).collect();
        // The disk takes nothing until everybody was answered.
        let (go, gone) = channel();
        *house.store.between.lock().unwrap() = Some(Box::new(move || gone.recv().unwrap()));
        let before = house.store.transactions.load(Ordering::SeqCst);
        let responder = Responder::new(platform.clone());
        let first: Vec<_> = requests.iter().map(|request| told(&responder, request)).collect();
        assert!(first.iter().all(|response| status(response) == CertStatus::Good));
        assert_eq!(count(&responder.tally().signed), 8);
        go.send(()).unwrap();
        drop(responder);
        let written = house.store.transactions.load(Ordering::SeqCst) - before;
        assert!((1..=2).contains(&written), "{written} transactions for 8 answers");

        // The program was started again, and the keys are away.
        sly.set(Fault::Gone);
        let responder = Responder::new(platform.clone());
        let again: Vec<_> = requests.iter().map(|request| told(&responder, request)).collect();
        assert!(again == first, "what was signed is told");
        assert_eq!(count(&responder.tally().signed), 0);
    });
}

#[test]
fn an_answer_outlives_the_keys_until_it_ends() {
    on_both_slyly(1, |bureau, sly, codes| {
        let (house, platform) = (bureau.house, &bureau.house.platform);
        let request = bureau.request_for(bureau.issue(KIND, &codes[0]).id);
        let first = told(&Responder::new(platform.clone()), &request);
        // After half its time another one is signed, and kept instead.
        house.clock.pass_hours(7);
        let second = told(&Responder::new(platform.clone()), &request);
        assert_ne!(second, first);
        sly.set(Fault::Gone);
        house.clock.pass_hours(11);
        let responder = Responder::new(platform.clone());
        assert_eq!(told(&responder, &request), second);
        house.clock.pass_hours(1);
        assert_eq!(told(&responder, &request), OcspStatus::TryLater.response());
        assert_eq!(responder.prepared(&request).map(|told| told.response), None);
        sly.set(Fault::None);
        assert_eq!(status(&told(&responder, &request)), CertStatus::Good);
        // A signature that is not the delegate's is told to nobody.
        sly.set(Fault::OtherKey);
        house.clock.pass_hours(7);
        assert_eq!(status(&told(&responder, &request)), CertStatus::Good);
        house.clock.pass_hours(6);
        assert_eq!(told(&responder, &request), OcspStatus::InternalError.response());
    });
}

#[test]
fn who_come_at_once_get_one_signature() {
    on_both_slyly(1, |bureau, _, codes| {
        let request = bureau.request_for(bureau.issue(KIND, &codes[0]).id);
        let responder = Responder::new(bureau.house.platform.clone());
        let start = Barrier::new(8);
        let ask = || {
            start.wait();
            told(&responder, &request)
        };
        let all: Vec<_> = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            asked.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(all.iter().all(|response| *response == all[0]));
        let tally = responder.tally();
        assert_eq!((count(&tally.signed), count(&tally.prepared)), (1, 7));
    });
}

#[test]
fn an_answer_that_the_store_does_not_take_is_an_answer_all_the_same() {
    on_both_slyly(1, |bureau, _, codes| {
        let (house, platform) = (bureau.house, &bureau.house.platform);
        let request = bureau.request_for(bureau.issue(KIND, &codes[0]).id);
        *house.store.refuses.lock().unwrap() = Some(&base::labels::STORE_FULL);
        let responder = Responder::new(platform.clone());
        let first = told(&responder, &request);
        assert_eq!((status(&first), told(&responder, &request)), (CertStatus::Good, first.clone()));
        drop(responder);
        *house.store.refuses.lock().unwrap() = None;
        assert_ne!(told(&Responder::new(platform.clone()), &request), first, "signed again");
    });
}

#[test]
fn a_change_is_told_within_ten_seconds() {
    on_both_slyly(1, |bureau, _, codes| {
        let house = bureau.house;
        let request = bureau.request_for(bureau.issue(KIND, &codes[0]).id);
        // Another program that serves from the same store knows no less.
        let responders = [(); 2].map(|()| Responder::new(house.platform.clone()));
        let all = || responders.each_ref().map(|responder| status(&told(responder, &request)));
        assert_eq!(all(), [CertStatus::Good; 2]);
        house.clock.pass_seconds(5);
        let whose = Whose::Code(codes[0].clone());
        let missing = (&whose, Trigger::ReportedMissing);
        let hold = |work: &mut sekisho_app::Work<'_>| {
            certificate_end(work, &operator(), Purpose::Certification, missing)
        };
        house.act(hold).unwrap();
        let at = house.clock.now();
        house.clock.pass_seconds(5);
        let reason = Some(RevocationReason::CertificateHold);
        assert_eq!(all(), [CertStatus::Revoked { at, reason }; 2]);
        // Nobody is told to keep an answer for longer than half a minute.
        let told = responders[0].prepared(&request).unwrap();
        let kept = told.keep_until.unwrap().us() - house.clock.now().us();
        assert!((1..=30_000_000).contains(&kept), "{kept}");
    });
}

#[test]
fn an_authority_knows_what_it_issued_for_itself() {
    on_both(|house| {
        let code = house.stock(CHIYODA, 1).remove(0);
        house.take_one(&message(CHIYODA, 1, "birth", Some(&code)));
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        let issued = bureau.issue(KIND, &code);
        let delegates = |authority, purpose| {
            let mut serials = Vec::new();
            let read = &mut |view: &mut dyn ports::View| {
                let rows = view.newest_delegates(authority, purpose, 9)?;
                serials = rows.iter().map(|row| row.key.serial).collect();
                Ok(())
            };
            house.platform.store.snapshot("test", read).unwrap();
            serials
        };
        let told = |authority, serial| bureau.told_of(CertificateId { authority, serial });
        // A former delegate's certificate has not ended with its successor's beginning.
        house.clock.pass_hours(24 * 21);
        assert_eq!(delegate::renew(&house.platform).unwrap(), 3);
        let mut known = Vec::new();
        for authority in [1, 2] {
            assert_eq!(told(authority, 1), CertStatus::Good, "its own certificate");
            for purpose in [delegate_purpose::OCSP, delegate_purpose::TIME_STAMP] {
                for serial in delegates(authority, purpose) {
                    assert_eq!(told(authority, serial), CertStatus::Good);
                    known.push((authority, serial));
                }
            }
        }
        assert_eq!(known.len(), 6);
        known.extend([(1, 1), (2, 1), (issued.id.authority, issued.id.serial)]);
        for authority in [1, 2] {
            for serial in (1..12).chain([u64::MAX >> 1, 1 << 48, u64::MAX]) {
                let expected = known.contains(&(authority, serial));
                let is = told(authority, serial) != CertStatus::Unknown;
                assert_eq!(is, expected, "{authority} {serial}");
            }
        }
    });
}

#[test]
fn an_authority_has_a_responder_to_its_end() {
    on_both(|house| {
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        let ends = [1, 2].map(|id| bureau.issuer_of(id).not_after);
        let left = ends.into_iter().min().unwrap().seconds() - house.clock.now().seconds();
        // Its keys were away for weeks, and come back nine days before its end.
        house.clock.pass_seconds(left - 9 * 86_400);
        assert_eq!(delegate::renew(&house.platform).unwrap(), 3);
        assert_eq!(delegate::renew(&house.platform).unwrap(), 0);
        house.clock.pass_seconds(9 * 86_400 - 60);
        assert_eq!(delegate::renew(&house.platform).unwrap(), 0);
        let own = |authority| bureau.told_of(CertificateId { authority, serial: 1 });
        assert_eq!([1, 2].map(own), [CertStatus::Good; 2]);
        house.clock.pass_hours(24);
        assert_eq!(delegate::renew(&house.platform).unwrap(), 0);
    });
}

#[test]
fn what_is_not_known_is_not_told_for_long() {
    on_both_slyly(1, |bureau, _, codes| {
        let issued = bureau.issue(KIND, &codes[0]);
        let responder = Responder::new(bureau.house.platform.clone());
        let window = |id: CertificateId, nonce| {
            let issuer = bureau.issuer_of(id.authority);
            let issuer = IssuerId::new(&issuer.name, &issuer.public_key);
            let serial = Serial::try_from(id.serial).unwrap();
            let ids = IdHash::ALL.map(|hash| issuer.certificate(hash, serial));
            let ask = |certificates: Vec<_>| {
                let asked = OcspRequest { certificates, nonce, signed: false }.encode();
                let told = responder.answer(&asked).response;
                let response = OcspResponse::parse(&told).unwrap();
                let answers: Vec<_> = response.answers().to_vec();
                answers
            };
            let mut answers = ids.map(|id| ask(vec![id])).concat();
            answers.extend(ask(ids.to_vec()));
            let named: Vec<_> = answers.iter().map(|answer| answer.certificate.hash()).collect();
            let [sha1, sha256] = IdHash::ALL;
            assert_eq!(named, [sha1, sha256, sha1, sha256], "named as it was asked");
            let window = |answer: &x509::OcspAnswer| {
                (answer.next_update.unwrap().us() - answer.this_update.us()) / 60_000_000
            };
            let windows: Vec<_> = answers.iter().map(window).collect();
            assert!(windows.iter().all(|window| *window == windows[0]), "{windows:?}");
            (answers[3].status, windows[0])
        };
        for nonce in [None, Some(&[9; 32][..])] {
            assert_eq!(window(issued.id, nonce), (CertStatus::Good, 12 * 60));
            let other = CertificateId { serial: 7_777, ..issued.id };
            assert_eq!(window(other, nonce), (CertStatus::Unknown, 5));
        }
    });
}
